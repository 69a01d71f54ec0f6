//! What every store must do, as functions over `&dyn Store`; each runs on each backend with an empty store.

#![cfg(test)]

mod support;

#[path = "conformance/commits.rs"]
mod commits;
#[path = "conformance/exports.rs"]
mod exports;
#[path = "conformance/patches.rs"]
mod patches;
#[path = "conformance/queries.rs"]
mod queries;

use std::sync::Arc;

use postern_store::Store;

/// Makes empty stores of one backend.
trait Backend {
    /// A new store, and what must live as long as it.
    fn empty() -> (Arc<dyn Store>, Box<dyn std::any::Any>);
}

struct Embedded;

impl Backend for Embedded {
    fn empty() -> (Arc<dyn Store>, Box<dyn std::any::Any>) {
        let folder = tempfile::tempdir().unwrap();
        (support::open(folder.path()), Box::new(folder))
    }
}

/// One test for each function and backend. A function takes an empty store, and may make a second one.
macro_rules! conformance {
    ($backend:ident: $($module:ident::{$($name:ident),* $(,)?})*) => {$(
        mod $module {
            $(#[test]
            fn $name() {
                let (store, _keep) = <crate::$backend as crate::Backend>::empty();
                crate::support::runtime().block_on(crate::$module::$name(&*store));
            })*
        }
    )*};
}

mod embedded {
    conformance! { Embedded:
        commits::{
            revisions_count_writes,
            expectations_are_checked,
            a_failing_set_leaves_nothing,
            a_failing_set_does_not_harm_its_neighbours,
            unique_keys_are_unique,
            unique_keys_move,
            a_repeated_request_writes_nothing,
            a_request_id_is_not_for_two_writes,
            request_ids_are_the_tenants_own,
            large_rows_are_whole,
            rows_too_large_are_refused,
            tenants_do_not_see_each_other,
            every_type_is_kept,
        }
        queries::{
            pages_go_through_everything_once,
            cursors_of_other_lists_are_refused,
            users_are_found,
            newest_come_first,
            parts_are_compared_whole,
        }
        patches::{
            patches_merge_at_the_first_level,
            concurrent_patches_all_count,
            history_tells_every_change,
            logins_are_counted,
            users_are_created_by_a_patch,
            illegal_patches_change_nothing,
            histories_are_deleted,
        }
        exports::{
            one_tenant_is_exported_alone,
            damaged_exports_are_refused,
        }
    }

    #[test]
    fn readers_see_whole_rows() {
        let (store, _keep) = <crate::Embedded as crate::Backend>::empty();
        crate::support::runtime().block_on(crate::commits::readers_see_whole_rows(store));
    }

    #[test]
    fn found_rows_have_the_key() {
        let (store, _keep) = <crate::Embedded as crate::Backend>::empty();
        crate::support::runtime().block_on(crate::queries::found_rows_have_the_key(store));
    }

    #[test]
    fn exports_come_back() {
        let (store, _keep) = <crate::Embedded as crate::Backend>::empty();
        let (other, _keep_other) = <crate::Embedded as crate::Backend>::empty();
        crate::support::runtime().block_on(crate::exports::exports_come_back(&*store, &*other));
    }

    #[test]
    fn exports_are_of_one_moment() {
        let (store, _keep) = <crate::Embedded as crate::Backend>::empty();
        let (other, _keep_other) = <crate::Embedded as crate::Backend>::empty();
        crate::support::runtime().block_on(crate::exports::exports_are_of_one_moment(store, &*other));
    }
}
