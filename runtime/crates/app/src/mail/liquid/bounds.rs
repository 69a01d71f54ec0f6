//! What a rendering may use, and variables that are not there.

use std::collections::BTreeSet;
use std::fmt;

use liquid_core::model::{KString, KStringCow, KStringRef, ScalarCow, Value, ValueCow, ValueView};
use liquid_core::parser::{FilterArguments, ParseFilter};

use liquid_core::runtime::{PartialStore, Registers};
use liquid_core::{Error, Filter, FilterReflection, Result, Runtime};

/// Work of one rendering, about bytes touched.
const WORK: usize = 64 * 1024 * 1024;
/// Bytes of one value, its parts together.
pub(super) const VALUE_BYTES: usize = 512 * 1024;
/// What reading a value costs beside its size.
const STEP: usize = 32;

/// What is left.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    left: usize,
    /// What going through the whole template once costs.
    template: usize,
}

impl Allowance {
    pub(super) fn set(runtime: &dyn Runtime, template: usize) {
        *runtime.registers().get_mut::<Self>() = Self { left: WORK, template: template + STEP };
    }

    fn take(runtime: &dyn Runtime, work: usize) -> Result<()> {
        let mut allowance = runtime.registers().get_mut::<Self>();
        match allowance.left.checked_sub(work) {
            Some(left) => {
                allowance.left = left;
                Ok(())
            }
            None => {
                // Once is for ever: what does not report an error must not go on.
                allowance.left = 0;
                Err(Error::with_msg("The template does too much work"))
            }
        }
    }

    /// Takes what so many rounds of a loop may cost: in each of them, all of the template.
    pub(super) fn rounds(runtime: &dyn Runtime, rounds: usize) -> Result<()> {
        let template = runtime.registers().get_mut::<Self>().template;
        Self::take(runtime, rounds.saturating_mul(template))
    }

    /// Takes what a value costs.
    pub(super) fn value(runtime: &dyn Runtime, value: &dyn ValueView) -> Result<()> {
        let size = size(value);
        if size > VALUE_BYTES {
            return Err(too_large());
        }
        Self::take(runtime, size + STEP)
    }
}

pub(super) fn too_large() -> Error {
    Error::with_msg("A value in the template grows too large")
}

/// About how many bytes a value has.
fn size(value: &dyn ValueView) -> usize {
    if let Some(array) = value.as_array() {
        return array.values().map(|item| size(item) + STEP).sum();
    }
    if let Some(object) = value.as_object() {
        return object.iter().map(|(name, item)| name.len() + size(item) + STEP).sum();
    }
    value.as_scalar().map_or(0, |scalar| scalar.to_kstr().len())
}

/// A runtime whose unknown variables are nil, and which counts.
pub(super) struct Lenient<R>(pub(super) R);

impl<R: Runtime> Runtime for Lenient<R> {
    fn partials(&self) -> &dyn PartialStore {
        self.0.partials()
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        self.0.name()
    }

    fn roots(&self) -> BTreeSet<KStringCow<'_>> {
        self.0.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        let value = self.0.try_get(path)?;
        Allowance::value(self, value.as_view()).ok()?;
        Some(value)
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> Result<ValueCow<'_>> {
        let value = self.0.get(path).unwrap_or(ValueCow::Owned(Value::Nil));
        Allowance::value(self, value.as_view())?;
        Ok(value)
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        // What cannot be kept is nil, and all later reads fail.
        let value = if size(&value) > VALUE_BYTES {
            let _over = Allowance::take(self, usize::MAX);
            Value::Nil
        } else {
            value
        };
        self.0.set_global(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.0.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.0.registers()
    }
}

/// A filter whose result is counted.
#[derive(Clone)]
pub(super) struct Bounded(pub(super) Box<dyn ParseFilter>);

impl ParseFilter for Bounded {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        Ok(Box::new(Counted(self.0.parse(arguments)?)))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self.0.reflection()
    }
}

#[derive(Debug)]
struct Counted(Box<dyn Filter>);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Filter for Counted {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let value = self.0.evaluate(input, runtime)?;
        Allowance::value(runtime, &value)?;
        Ok(value)
    }
}
