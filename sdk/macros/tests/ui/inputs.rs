use postern_sdk_macros::post_login;

struct Event;
struct Api;
struct Error;

#[post_login]
fn on_execute(_event: Event, _api: &Api) -> Result<(), Error> {
    Ok(())
}

fn main() {}
