//! What rules and actions see of each other: a rule finds what earlier rules put into the tokens, as if `context` were
//! handed on, and an action can ask which rules ran.

use serde_json::{Map, Value, json};

use crate::event::json_len;
use crate::facts::BoundAction;
use crate::state::State;

/// Parts of the event of one run; `None` takes a part away.
pub(crate) struct Parts {
    /// `event.rule`
    rule: Option<Value>,
    /// `event.rules`
    rules: Option<Value>,
}

/// The parts of the run of `cursor`; `None` where there are no rules.
pub(crate) fn parts(actions: &[BoundAction], cursor: usize, state: &State) -> Option<Parts> {
    // Rules come first.
    actions.first()?.rule.as_ref()?;
    if actions.get(cursor)?.rule.is_some() {
        let tokens = json!({ "id_token": state.id_token.map, "access_token": state.access_token.map });
        return Some(Parts { rule: Some(tokens), rules: None });
    }
    let ran = actions.iter().take(cursor).filter_map(|action| action.rule.as_deref());
    Some(Parts { rule: None, rules: Some(ran.collect()) })
}

impl Parts {
    /// Puts them into an event. Answers their bytes.
    pub(crate) fn add_to(self, event: &mut Map<String, Value>) -> usize {
        let mut bytes = 0;
        for (name, part) in [("rule", self.rule), ("rules", self.rules)] {
            match part {
                Some(part) => {
                    bytes += json_len(&part);
                    event.insert(name.to_owned(), part);
                }
                None => {
                    event.remove(name);
                }
            }
        }
        bytes
    }
}
