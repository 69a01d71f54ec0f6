//! Logins of one user are serializable; logins of others are not held up.

use futures_util::future::join_all;
use postern_e2e::{Server, encode, module};
use serde_json::{Value, json};

const PARALLEL: u64 = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_logins_of_one_user_count_exactly() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let _action = api.install("count", &module("count")).await;
    let logins = join_all((0..PARALLEL).map(|_| {
        let (api, client, user) = (api.clone(), client.clone(), user.clone());
        tokio::spawn(async move { api.login(&client, &user).await })
    }))
    .await;
    let mut counts = Vec::new();
    for login in logins {
        let login = login.unwrap();
        assert_eq!(login["outcome"]["type"], "allow", "{login}");
        counts.push(login["user"]["app_metadata"]["logins"].as_u64().unwrap());
    }
    counts.sort_unstable();
    assert_eq!(counts, (1..=PARALLEL).collect::<Vec<u64>>());
    let stored = api.user(&user).await;
    assert_eq!(stored["app_metadata"], json!({"logins": PARALLEL}));
    assert_eq!(stored["logins_count"], json!(PARALLEL));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patches_beside_logins_lose_nothing() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let user = api.user_create("ann").await;
    let _action = api.install("count", &module("count")).await;
    let path = format!("/api/v2/users/{}", encode(&user));
    let patches = join_all((0..16).map(|n| {
        let (api, path) = (api.clone(), path.clone());
        tokio::spawn(async move {
            let body = json!({"app_metadata": {format!("patched_{n}"): n}, "user_metadata": {format!("n_{n}"): n}});
            api.patch(&path, &body).await.expect(200)
        })
    }));
    let logins = join_all((0..16).map(|_| {
        let (api, client, user) = (api.clone(), client.clone(), user.clone());
        tokio::spawn(async move { api.login(&client, &user).await })
    }));
    let (patches, logins) = futures_util::future::join(patches, logins).await;
    for answer in patches.into_iter().chain(logins) {
        let _answer: Value = answer.unwrap();
    }
    let stored = api.user(&user).await;
    assert_eq!(stored["logins_count"], 16, "{stored}");
    assert_eq!(stored["app_metadata"]["logins"], 16, "{stored}");
    for n in 0..16 {
        assert_eq!(stored["app_metadata"][format!("patched_{n}")], n, "{stored}");
        assert_eq!(stored["user_metadata"][format!("n_{n}")], n, "{stored}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_login_of_one_user_holds_up_nobody_else() {
    let server = Server::start().await;
    let api = &server.api;
    let client = api.client_id().await;
    let slow = api.user_create("slow").await;
    let _action = api.install("wait", &module("wait")).await;
    let wait = json!({"app_metadata": {"wait_ms": 10_000}});
    let _user = api.patch(&format!("/api/v2/users/{}", encode(&slow)), &wait).await.expect(200);
    let slow_login = {
        let (api, client, slow) = (api.clone(), client.clone(), slow.clone());
        tokio::spawn(async move { api.login(&client, &slow).await })
    };
    let mut quick = Vec::new();
    for n in 0..8 {
        quick.push(api.user_create(&format!("quick-{n}")).await);
    }
    for login in join_all(quick.iter().map(|user| api.login(&client, user))).await {
        assert_eq!(login["outcome"]["type"], "allow", "{login}");
    }
    assert!(!slow_login.is_finished(), "the slow login was not under way any more");
    assert_eq!(slow_login.await.unwrap()["outcome"]["type"], "allow");
}
