//! `roles.*` and `groups.*`: what the tenant knows of the user, handed in with the run.

use std::sync::Arc;

use serde_json::{Map, Value, json};

/// A role of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct RoleRow {
    pub id: String,
    pub name: String,
}

/// A group of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct GroupRow {
    pub id: String,
    pub name: String,
}

/// Roles and groups of the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Directory {
    pub roles: Arc<[RoleRow]>,
    pub groups: Arc<[GroupRow]>,
}

/// Rows of a page when none is asked for, and at most.
const PAGE: (u32, u32) = (50, 100);

impl Directory {
    pub(crate) fn user_roles(&self, take: Option<u32>, from: Option<&str>) -> Result<Value, String> {
        let (rows, next) = page(&self.roles, take, from)?;
        Ok(with_next(json!({"roles": rows.iter().map(role).collect::<Vec<_>>()}), next))
    }

    pub(crate) fn roles_by_ids(&self, ids: &[String]) -> Result<Value, String> {
        self.roles_where(ids, 100, |role| &role.id)
    }

    pub(crate) fn roles_by_names(&self, names: &[String]) -> Result<Value, String> {
        self.roles_where(names, 50, |role| &role.name)
    }

    fn roles_where(&self, wanted: &[String], most: usize, key: fn(&RoleRow) -> &String) -> Result<Value, String> {
        if wanted.is_empty() || wanted.len() > most {
            return Err(format!("between 1 and {most} entries are wanted, {} were given", wanted.len()));
        }
        let rows: Vec<Value> = self.roles.iter().filter(|row| wanted.contains(key(row))).map(role).collect();
        Ok(json!({"roles": rows}))
    }

    pub(crate) fn user_groups(&self, take: Option<u32>, from: Option<&str>) -> Result<Value, String> {
        let (rows, next) = page(&self.groups, take, from)?;
        let rows: Vec<Value> = rows.iter().map(|group| json!({"id": group.id, "name": group.name})).collect();
        Ok(with_next(json!({"groups": rows}), next))
    }

    pub(crate) fn group_membership(&self, wanted: &[String]) -> Result<Value, String> {
        if wanted.is_empty() {
            return Err("an id or name of a group is wanted".to_owned());
        }
        let memberships: Map<String, Value> = wanted
            .iter()
            .map(|key| {
                let is_member = self.groups.iter().any(|group| group.id == *key || group.name == *key);
                (key.clone(), json!({"is_member": is_member}))
            })
            .collect();
        Ok(json!({"memberships": memberships}))
    }
}

fn role(row: &RoleRow) -> Value {
    json!({"id": row.id, "name": row.name, "type": "tenant"})
}

fn with_next(mut answer: Value, next: Option<usize>) -> Value {
    if let (Some(next), Some(object)) = (next, answer.as_object_mut()) {
        object.insert("next".to_owned(), Value::String(next.to_string()));
    }
    answer
}

fn page<'a, T>(rows: &'a [T], take: Option<u32>, from: Option<&str>) -> Result<(&'a [T], Option<usize>), String> {
    let take = take.unwrap_or(PAGE.0);
    if take == 0 || take > PAGE.1 {
        return Err(format!("`take` is {take}, between 1 and {} is wanted", PAGE.1));
    }
    let start = match from {
        None => 0,
        Some(text) => text.parse::<usize>().map_err(|_bad| "`from` is no place in this list".to_owned())?,
    };
    let rest = rows.get(start..).unwrap_or_default();
    let take = usize::try_from(take).unwrap_or(usize::MAX).min(rest.len());
    let (page, after) = rest.split_at(take);
    Ok((page, (!after.is_empty()).then_some(start + take)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let role = |n: u32| RoleRow { id: format!("rol_{n}"), name: format!("r{n}") };
        Directory {
            roles: (0..3).map(role).collect(),
            groups: [GroupRow { id: "g1".into(), name: "staff".into() }].into(),
        }
    }

    #[test]
    fn pages() {
        let d = directory();
        let first = d.user_roles(Some(2), None).unwrap();
        assert_eq!(first["roles"].as_array().unwrap().len(), 2);
        let rest = d.user_roles(Some(2), first["next"].as_str()).unwrap();
        assert_eq!(rest, json!({"roles": [{"id": "rol_2", "name": "r2", "type": "tenant"}]}));
        assert!(d.user_roles(Some(0), None).is_err());
        assert!(d.user_roles(None, Some("x")).is_err());
        assert_eq!(d.user_roles(None, Some("99")).unwrap(), json!({"roles": []}));
    }

    #[test]
    fn finds() {
        let d = directory();
        assert_eq!(d.roles_by_names(&["r1".into(), "zz".into()]).unwrap()["roles"][0]["id"], "rol_1");
        assert_eq!(d.roles_by_ids(&["rol_2".into()]).unwrap()["roles"][0]["name"], "r2");
        assert!(d.roles_by_ids(&[]).is_err());
        assert!(d.roles_by_names(&vec![String::new(); 51]).is_err());
        let member = d.group_membership(&["staff".into(), "other".into()]).unwrap();
        assert_eq!(member, json!({"memberships": {"staff": {"is_member": true}, "other": {"is_member": false}}}));
    }
}
