#![doc = include_str!("../README.md")]

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Error, FnArg, ItemFn, ReturnType, Type};

#[doc = include_str!("../README.md")]
#[proc_macro_attribute]
pub fn post_login(arguments: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(&arguments.into(), &item.into()).into()
}

/// The right line, shown beside every error.
const EXAMPLE: &str = "fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error>";

/// The function as it is, then the wrapper or what is wrong with the function.
fn expand(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    let wrapper = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => match check(arguments, &function) {
            Ok(export) => wrap(&function, export),
            Err(error) => error.into_compile_error(),
        },
        Err(_) => wrong(item, "`#[post_login]` belongs on a function").into_compile_error(),
    };
    quote! { #item #wrapper }
}

fn wrong(place: &impl ToTokens, wanted: &str) -> Error {
    Error::new_spanned(place, format_args!("{wanted}: `{EXAMPLE}`"))
}

/// The name the guest exports, or everything that is wrong at once.
fn check(arguments: &TokenStream, function: &ItemFn) -> Result<&'static str, Error> {
    let signature = &function.sig;
    let mut errors = Vec::new();
    if !arguments.is_empty() {
        errors.push(wrong(arguments, "`#[post_login]` takes no arguments"));
    }
    let export = match signature.ident.to_string().as_str() {
        "on_execute" => "on_execute_post_login",
        "on_continue" => "on_continue_post_login",
        _ => {
            errors.push(wrong(&signature.ident, "the function is called `on_execute`, or `on_continue`"));
            ""
        }
    };
    let unwanted: [(Option<&dyn ToTokens>, &str); 4] = [
        (signature.asyncness.as_ref().map(|token| token as _), "an action is not async: host calls wait by themselves"),
        (signature.unsafety.as_ref().map(|token| token as _), "an action is not unsafe"),
        (signature.abi.as_ref().map(|token| token as _), "an action has no ABI of its own"),
        (signature.generics.params.first().map(|token| token as _), "an action is not generic"),
    ];
    for (token, text) in unwanted {
        errors.extend(token.map(|token| wrong(&token, text)));
    }
    errors.extend(check_inputs(function));
    if matches!(signature.output, ReturnType::Default) {
        errors.push(wrong(&signature.ident, "an action returns a `Result<(), Error>`"));
    }
    let all = errors.into_iter().reduce(|mut all, error| {
        all.combine(error);
        all
    });
    all.map_or(Ok(export), Err)
}

fn check_inputs(function: &ItemFn) -> Vec<Error> {
    const WANTED: [(&str, bool); 2] =
        [("the first argument is `&Event`", false), ("the second argument is `&mut Api`", true)];
    let signature = &function.sig;
    if signature.inputs.len() != WANTED.len() {
        return vec![wrong(&signature.ident, "an action has two arguments")];
    }
    let bad = signature.inputs.iter().zip(WANTED).filter_map(|(input, (text, mutable))| match input {
        FnArg::Typed(typed) => {
            let right = matches!(&*typed.ty, Type::Reference(to) if to.mutability.is_some() == mutable);
            (!right).then(|| wrong(&typed.ty, text))
        }
        FnArg::Receiver(receiver) => Some(wrong(receiver, text)),
    });
    bad.collect()
}

fn wrap(function: &ItemFn, export: &str) -> TokenStream {
    let name = &function.sig.ident;
    quote! {
        const _: ::postern_sdk::__private::Action = #name;

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[allow(unsafe_code, reason = "the host finds the function by this name")]
            #[unsafe(export_name = #export)]
            extern "C" fn export() -> i64 {
                ::postern_sdk::__private::export(#name)
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> TokenStream {
        text.parse().unwrap()
    }

    #[test]
    fn expands_as_committed() {
        let source = tokens("fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> { Ok(()) }");
        let want = tokens(include_str!("expansion.txt"));
        assert_eq!(expand(&TokenStream::new(), &source).to_string(), want.to_string());
    }

    #[test]
    fn the_function_stays_when_it_is_wrong() {
        let source = tokens("async fn other() {}");
        let expanded = expand(&TokenStream::new(), &source).to_string();
        assert!(expanded.starts_with(&source.to_string()), "{expanded}");
        assert_eq!(expanded.matches("compile_error").count(), 4, "{expanded}");
    }
}
