//! The table of endpoints in `runtime/API.md` is what is served.

use std::collections::BTreeSet;

use postern_e2e::Server;

use crate::openapi::operations;

#[tokio::test]
async fn the_table_of_endpoints_is_what_is_served() {
    let server = Server::start().await;
    let served: BTreeSet<(String, String)> = operations(&server.api)
        .await
        .into_iter()
        .map(|operation| (operation.method.to_string(), operation.path))
        .collect();
    let table = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime/API.md")).unwrap();
    let mut listed = BTreeSet::new();
    for row in table.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (endpoint, rest) = row.split_once("` | ").unwrap_or_else(|| panic!("not a row: {row}"));
        let (state, _) = rest.split_once(" |").unwrap_or_else(|| panic!("not a row: {row}"));
        if state == "absent" {
            assert!(served.iter().all(|(_, path)| path != endpoint), "{endpoint} is served");
            continue;
        }
        assert!(["works", "differs", "ours"].contains(&state), "{row}");
        let (path, methods) =
            endpoint.split(' ').collect::<Vec<_>>().split_last().map(|(p, m)| (*p, m.to_vec())).unwrap();
        listed.extend(methods.into_iter().map(|method| (method.to_owned(), path.to_owned())));
    }
    let missing: Vec<_> = served.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&served).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in runtime/API.md: {missing:?}; not served: {gone:?}");
}
