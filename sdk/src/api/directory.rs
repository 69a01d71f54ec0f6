//! `api.roles` and `api.groups`: what the user belongs to.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Api;
use crate::json::Object;
use crate::{Error, call};

/// A role of the user, given directly or through a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Some roles, and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RolePage {
    /// The roles.
    pub roles: Vec<Role>,
    /// What to ask for next, if there are more.
    pub next: Option<String>,
}

/// A group of the user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// Some groups, and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GroupPage {
    /// The groups.
    pub groups: Vec<Group>,
    /// What to ask for next, if there are more.
    pub next: Option<String>,
}

fn page(kind: &str, take: Option<u32>, from: Option<&str>) -> Result<Vec<u8>, Error> {
    let mut call = Vec::new();
    Object::begin(&mut call, kind).option("take", take.as_ref())?.option("from", from.as_ref())?.end();
    Ok(call)
}

/// See [`Api::roles`].
#[derive(Debug)]
pub struct Roles<'a> {
    #[expect(dead_code, reason = "every namespace borrows the api")]
    pub(super) api: &'a mut Api,
}

impl Roles<'_> {
    /// The user's roles, at most `take` (100), from a place that an earlier page named.
    ///
    /// # Errors
    /// When an argument is refused.
    pub fn get_user_effective_roles(self, take: Option<u32>, from: Option<&str>) -> Result<RolePage, Error> {
        call::answer(&page("roles.getUserEffectiveRoles", take, from)?)
    }

    /// Those of these roles, at most 100 ids, that the user has.
    ///
    /// # Errors
    /// When an argument is refused.
    pub fn get_user_effective_roles_by_ids(self, ids: &[&str]) -> Result<Vec<Role>, Error> {
        by("roles.getUserEffectiveRolesByIds", "ids", ids)
    }

    /// Those of these roles, at most 50 names, that the user has.
    ///
    /// # Errors
    /// When an argument is refused.
    pub fn get_user_effective_roles_by_names(self, names: &[&str]) -> Result<Vec<Role>, Error> {
        by("roles.getUserEffectiveRolesByNames", "names", names)
    }
}

fn by(kind: &str, key: &str, list: &[&str]) -> Result<Vec<Role>, Error> {
    let mut call = Vec::new();
    Object::begin(&mut call, kind).value(key, list)?.end();
    call::answer::<RolePage>(&call).map(|page| page.roles)
}

/// See [`Api::groups`].
#[derive(Debug)]
pub struct Groups<'a> {
    #[expect(dead_code, reason = "every namespace borrows the api")]
    pub(super) api: &'a mut Api,
}

impl Groups<'_> {
    /// The user's groups, from a place that an earlier page named.
    ///
    /// # Errors
    /// When an argument is refused.
    pub fn get_user_groups(self, take: Option<u32>, from: Option<&str>) -> Result<GroupPage, Error> {
        call::answer(&page("groups.getUserGroups", take, from)?)
    }

    /// For each of these groups, by id or name, whether the user is a member.
    ///
    /// # Errors
    /// When an argument is refused.
    pub fn has_group_membership(self, groups: &[&str]) -> Result<BTreeMap<String, bool>, Error> {
        #[derive(Deserialize)]
        struct Membership {
            is_member: bool,
        }
        #[derive(Deserialize)]
        struct Answer {
            memberships: BTreeMap<String, Membership>,
            #[serde(default, rename = "errors")]
            _errors: Option<IgnoredAny>,
        }
        let mut call = Vec::new();
        Object::begin(&mut call, "groups.hasGroupMembership").value("groups", groups)?.end();
        let Answer { memberships, _errors } = call::answer(&call)?;
        Ok(memberships.into_iter().map(|(key, membership)| (key, membership.is_member)).collect())
    }
}
