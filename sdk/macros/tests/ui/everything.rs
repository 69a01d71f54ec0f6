use postern_sdk_macros::post_login;

#[post_login]
async unsafe fn login<T>() {}

#[post_login]
struct Action;

fn main() {}
