//! The engine: QuickJS with the prelude in it, and what the exports do with it.

use std::cell::OnceCell;
use std::ffi::CString;

use rquickjs::{Context, Ctx, Error, Function, Object, Persistent, Result, Runtime, Value, function::Args};

use crate::script::Source;
use crate::{frozen, host, memory, script};

/// Part of the 1 MiB stack that JavaScript may use: beyond it, it gets a `RangeError`. WebAssembly's own stack, which
/// grows with it more than twice as fast, must not be at its end before.
const STACK_BYTES: usize = 512 * 1024;
/// Scripts up to this size keep the source of their functions. Bundles are larger.
const SOURCE_BYTES: usize = 16 * 1024;
/// What a run may allocate before garbage is collected.
const GARBAGE_BYTES: usize = 32 * 1024 * 1024;

/// Functions of the prelude.
struct Engine {
    runtime: Runtime,
    context: Context,
    plan: Persistent<Function<'static>>,
    load: Persistent<Function<'static>>,
    start: Persistent<Function<'static>>,
    step: Persistent<Function<'static>>,
    result: Persistent<Function<'static>>,
    describe: Persistent<Function<'static>>,
}

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

/// The text of an error, as JSON.
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    fn new(message: &str) -> Self {
        Self(format!("{{\"name\":\"Error\",\"message\":\"{message}\"}}"))
    }
}

fn with<T>(work: impl FnOnce(&Engine, &Ctx<'_>) -> std::result::Result<T, Failure>) -> std::result::Result<T, Failure> {
    ENGINE.with(|engine| {
        let engine = engine.get().ok_or_else(|| Failure::new("the engine has no prelude"))?;
        engine.context.with(|ctx| work(engine, &ctx))
    })
}

/// What was thrown, as the prelude describes it.
fn failure(engine: &Engine, ctx: &Ctx<'_>, error: Error) -> Failure {
    if !error.is_exception() {
        return Failure::new(&error.to_string().replace(['"', '\\'], "'"));
    }
    let thrown = ctx.catch();
    let described = engine.describe.clone().restore(ctx).and_then(|describe| describe.call::<_, String>((thrown,)));
    described.map_or_else(|_failed| Failure::new("an error that cannot be described"), Failure)
}

/// A new runtime that holds nothing but QuickJS.
fn bare() -> Result<(Runtime, Context)> {
    let runtime = Runtime::new_with_alloc(memory::Heap)?;
    runtime.set_max_stack_size(STACK_BYTES);
    let context = Context::full(&runtime)?;
    Ok((runtime, context))
}

/// Compiles the prelude to bytecode.
pub(crate) fn compile_prelude(source: &str) -> std::result::Result<Vec<u8>, Failure> {
    let compile = || {
        let (_runtime, context) = bare()?;
        context.with(|ctx| {
            script::compile(&ctx, source, c"postern.js", 1, Source::Dropped).map_err(|error| {
                let text = ctx.catch().as_exception().map(ToString::to_string);
                text.map_or(error, |text| Error::new_from_js_message("prelude", "bytecode", text))
            })
        })
    };
    compile().map_err(|error: Error| Failure::new(&error.to_string().replace(['"', '\\', '\n'], " ")))
}

/// Sets the engine up with the prelude's bytecode. Runs once, when the engine is built.
pub(crate) fn prepare(bytecode: &[u8]) -> std::result::Result<(), Failure> {
    let engine = set_up(bytecode).map_err(|text| Failure::new(&text.replace(['"', '\\', '\n'], " ")))?;
    engine.runtime.run_gc();
    ENGINE.with(|cell| {
        let _ = cell.set(engine);
    });
    Ok(())
}

fn set_up(bytecode: &[u8]) -> std::result::Result<Engine, String> {
    let (runtime, context) = bare().map_err(|error| error.to_string())?;
    let parts = context.with(|ctx| {
        let made: Result<_> = (|| {
            let make: Function<'_> = script::load(&ctx, bytecode)?.get()?;
            let prelude: Object<'_> = make.call((host::object(&ctx)?,))?;
            let part = |name: &str| Ok::<_, Error>(Persistent::save(&ctx, prelude.get::<_, Function<'_>>(name)?));
            let parts =
                (part("plan")?, part("load")?, part("start")?, part("step")?, part("result")?, part("describe")?);
            drain(&ctx);
            script::set_gc_threshold(&ctx, usize::MAX >> 1);
            Ok(parts)
        })();
        made.map_err(|error| match ctx.catch().as_exception() {
            Some(exception) => exception.to_string(),
            None => error.to_string(),
        })
    });
    let (plan, load, start, step, result, describe) = parts?;
    Ok(Engine { runtime, context, plan, load, start, step, result, describe })
}

fn drain(ctx: &Ctx<'_>) {
    while ctx.execute_pending_job() {}
}

/// Compiles the parts of a version's payload. The first of what comes is what the prelude keeps of the payload.
pub(crate) fn compile(payload: &str) -> std::result::Result<Vec<Vec<u8>>, Failure> {
    with(|engine, ctx| {
        let compile = || {
            let plan: Object<'_> = engine.plan.clone().restore(ctx)?.call((payload,))?;
            let mut parts = vec![plan.get::<_, String>("meta")?.into_bytes()];
            for part in plan.get::<_, Vec<Object<'_>>>("parts")? {
                let (text, file): (String, String) = (part.get("text")?, part.get("file")?);
                let file = CString::new(file)?;
                let source = if text.len() > SOURCE_BYTES { Source::Dropped } else { Source::Kept };
                parts.push(script::compile(ctx, &text, &file, part.get("line")?, source)?);
            }
            Ok(parts)
        };
        compile().map_err(|error| failure(engine, ctx, error))
    })
}

/// Runs the top level of a version, and leaves the memory as a login shall find it.
pub(crate) fn load(parts: &[&[u8]]) -> std::result::Result<(), Failure> {
    with(|engine, ctx| {
        let load = || {
            let (meta, scripts) = parts.split_first().ok_or(Error::Unknown)?;
            let meta = std::str::from_utf8(meta)?;
            let number = |key: &str| ctx.json_parse(meta).ok()?.as_object()?.get::<_, f64>(key).ok();
            frozen::set(number("now").unwrap_or_default() as i64, number("seed").unwrap_or_default() as u64);
            let load = engine.load.clone().restore(ctx)?;
            let mut args = Args::new(ctx.clone(), scripts.len() + 1);
            args.push_arg(meta)?;
            for bytecode in scripts {
                args.push_arg(script::load(ctx, bytecode)?)?;
            }
            load.call_arg::<Value<'_>>(args)?;
            drain(ctx);
            Ok(())
        };
        load().map_err(|error| failure(engine, ctx, error))
    })?;
    with(|engine, ctx| {
        // Twice: what the first finds, the second frees.
        ctx.run_gc();
        ctx.run_gc();
        script::set_gc_threshold(ctx, GARBAGE_BYTES);
        let _ = engine;
        Ok(())
    })
}

/// Runs a handler to its end.
pub(crate) fn run(entry: &str) -> std::result::Result<String, Failure> {
    with(|engine, ctx| {
        let run = || {
            engine.start.clone().restore(ctx)?.call::<_, ()>((entry,))?;
            let step = engine.step.clone().restore(ctx)?;
            loop {
                drain(ctx);
                // It waits for the host when there is nothing else to do; false: the run is at its end.
                if !step.call::<_, bool>(())? {
                    break;
                }
            }
            engine.result.clone().restore(ctx)?.call::<_, String>(())
        };
        run().map_err(|error| failure(engine, ctx, error))
    })
}
