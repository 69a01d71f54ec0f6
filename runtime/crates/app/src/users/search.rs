//! Listing and searching users. Rows are looked at one page of the store at a time; of those that fit only the wanted
//! ones are kept, so that memory does not grow with the tenant.

use std::cmp::Ordering;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use postern_model::{User, UserId, limits};
use postern_store::{Index, Query};

use super::condition::{Condition, Key, keys, path};
use super::fields::{Leaf, Within, any_leaf};
use crate::App;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::lucene;

/// Hits that can be paged through (Auth0: "You can only page through the first 1000 records").
const HITS: usize = 1000;
/// How long a search may take. Auth0 gives up after 2 s; here a tenant of 100,000 users is still looked through.
const SEARCH_FOR: Duration = Duration::from_secs(10);

/// What a list of users has.
#[derive(Debug, Clone, Default)]
pub struct UserQuery {
    /// A query in the Lucene syntax.
    pub q: Option<String>,
    /// `field:1` or `field:-1`; without one the oldest users come first.
    pub sort: Option<String>,
    /// Name of a connection.
    pub connection: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub window: UserWindow,
}

/// Which part of the list.
#[derive(Debug, Clone)]
pub enum UserWindow {
    /// Rows by their number.
    Offset {
        #[expect(missing_docs, reason = "says its name")]
        offset: usize,
        #[expect(missing_docs, reason = "says its name")]
        limit: usize,
        /// Whether all hits are counted.
        totals: bool,
    },
    /// Rows after a place in the list; has no end at the thousandth.
    After {
        /// [`UserPage::next`] of the page before.
        from: Option<String>,
        #[expect(missing_docs, reason = "says its name")]
        take: usize,
    },
}

impl Default for UserWindow {
    fn default() -> Self {
        Self::Offset { offset: 0, limit: limits::PAGE_ROWS_DEFAULT, totals: false }
    }
}

/// A part of the list.
#[derive(Debug, Clone, Default)]
pub struct UserPage {
    #[expect(missing_docs, reason = "says its name")]
    pub rows: Vec<User>,
    /// How many there are in all, when that was asked for.
    pub total: usize,
    /// Where the next part begins, when there is one.
    pub next: Option<String>,
}

/// Reads a part of the list.
///
/// # Errors
/// When the scope is missing, the query or the sort order is not one that is understood, or the search takes too long.
pub async fn user_list(app: &App, ctx: &OpCtx, query: &UserQuery) -> Result<UserPage, AppError> {
    ctx.require("read:users")?;
    let expr = lucene::parse(query.q.as_deref().unwrap_or_default())
        .map_err(|bad| AppError::invalid_query(format!("'q' is not a query: {bad}")))?;
    let search = Search {
        app,
        ctx,
        condition: Condition::new(&expr)?,
        keys: keys(&expr),
        connection: query.connection.as_deref(),
        sort: sort_of(query.sort.as_deref())?,
        until: Instant::now() + SEARCH_FOR,
    };
    match &query.window {
        UserWindow::After { from, take } => search.after(query.sort.is_some(), from.as_deref(), *take).await,
        UserWindow::Offset { offset, limit, .. } if offset.saturating_add(*limit) > HITS => {
            Err(AppError::new(Code::InvalidPaging, format!("You can only page through the first {HITS} records.")))
        }
        UserWindow::Offset { offset, limit, totals } if search.is_everything() => {
            search.whole(*offset, *limit, *totals).await
        }
        UserWindow::Offset { offset, limit, totals } => search.offset(*offset, *limit, *totals).await,
    }
}

struct Search<'a> {
    app: &'a App,
    ctx: &'a OpCtx,
    condition: Condition,
    /// Where the users are, when an index tells.
    keys: Option<Vec<Key>>,
    connection: Option<&'a str>,
    sort: Sort,
    until: Instant,
}

impl Search<'_> {
    /// Whether it is the list of all users in an order that an index has.
    fn is_everything(&self) -> bool {
        matches!(self.condition, Condition::Everything) && self.connection.is_none() && self.sort.is_by_creation()
    }

    fn fits(&self, user: &User) -> bool {
        let connected = |name: &str| user.identities.iter().any(|identity| identity.connection == name);
        self.connection.is_none_or(connected) && self.condition.holds(user)
    }

    fn created(&self) -> Query {
        let query = Query::by(Index::UserByCreated);
        if self.sort.descending { query.descending() } else { query }
    }

    async fn whole(&self, offset: usize, limit: usize, totals: bool) -> Result<UserPage, AppError> {
        let (store, tenant) = (self.app.store(), &self.ctx.tenant.id);
        let mut page = UserPage::default();
        if limit > 0 {
            page.rows = store.list::<User>(tenant, self.created().skip(offset).limit(limit)).await?.rows;
        }
        if totals {
            page.total = usize::try_from(store.count::<User>(tenant, self.created()).await?).unwrap_or(usize::MAX);
        }
        Ok(page)
    }

    async fn offset(&self, offset: usize, limit: usize, totals: bool) -> Result<UserPage, AppError> {
        let wanted = offset.saturating_add(limit);
        let in_order = self.sort.is_by_creation() && self.keys.is_none();
        let mut total = 0_usize;
        let mut found: Vec<Ranked> = Vec::new();
        let mut rows = Vec::new();
        self.each(|user| {
            if !self.fits(&user) {
                return ControlFlow::Continue(());
            }
            if in_order {
                if (offset..wanted).contains(&total) {
                    rows.push(user);
                }
                total = total.saturating_add(1);
                let enough = !totals && total >= wanted;
                return if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
            total = total.saturating_add(1);
            found.push(self.sort.rank(user));
            // Half of it is dropped at a time, so that sorting costs little a row.
            if found.len() >= wanted.saturating_mul(2).max(HITS) {
                self.sort.first(&mut found, wanted);
            }
            ControlFlow::Continue(())
        })
        .await?;
        self.sort.first(&mut found, wanted);
        for ranked in found.into_iter().skip(offset) {
            rows.extend(self.app.store().fetch::<User>(&self.ctx.tenant.id, ranked.id.as_str()).await?);
        }
        Ok(UserPage { rows, total, next: None })
    }

    /// Calls `see` for every user that may fit, until it breaks.
    async fn each(&self, mut see: impl FnMut(User) -> ControlFlow<()>) -> Result<(), AppError> {
        if let Some(keys) = &self.keys {
            return self.each_of_keys(keys, see).await;
        }
        let mut after = None;
        loop {
            let query = self.created().limit(limits::PAGE_ROWS).after(after);
            let page = self.app.store().list::<User>(&self.ctx.tenant.id, query).await?;
            if page.rows.into_iter().try_for_each(&mut see).is_break() || page.next.is_none() {
                return Ok(());
            }
            after = page.next;
            self.check_time()?;
        }
    }

    async fn each_of_keys(&self, keys: &[Key], mut see: impl FnMut(User) -> ControlFlow<()>) -> Result<(), AppError> {
        let (store, tenant) = (self.app.store(), &self.ctx.tenant.id);
        // A user may be under several of the keys.
        let mut seen = std::collections::BTreeSet::new();
        for key in keys {
            let (index, value) = match key {
                Key::Email(email) => (Index::UserByEmail, email),
                Key::Username(username) => (Index::UserByUsername, username),
                Key::UserId(id) => {
                    let user = match id.parse::<UserId>() {
                        Ok(id) => store.fetch::<User>(tenant, id.as_str()).await?,
                        Err(_bad) => None,
                    };
                    if let Some(user) = user.filter(|user| seen.insert(user.user_id.clone()))
                        && see(user).is_break()
                    {
                        return Ok(());
                    }
                    continue;
                }
            };
            let mut after = None;
            loop {
                let query = Query::by(index).under(value).limit(limits::PAGE_ROWS).after(after);
                let page = store.list::<User>(tenant, query).await?;
                let mut fresh = page.rows.into_iter().filter(|user| seen.insert(user.user_id.clone()));
                if fresh.try_for_each(&mut see).is_break() {
                    return Ok(());
                }
                after = page.next;
                if after.is_none() {
                    break;
                }
                self.check_time()?;
            }
        }
        Ok(())
    }

    fn check_time(&self) -> Result<(), AppError> {
        if Instant::now() < self.until {
            return Ok(());
        }
        let text = "The query exceeded the timeout. Please try refining your search criteria.";
        Err(AppError::new(Code::Unavailable, text))
    }

    /// The users after a place, oldest first. The place is a cursor of the store and rows to pass over after it.
    async fn after(&self, sorted: bool, from: Option<&str>, take: usize) -> Result<UserPage, AppError> {
        if sorted && !self.sort.is_by_creation() {
            return Err(AppError::invalid_query("'from' and 'take' list users by 'created_at'; no other 'sort' fits"));
        }
        let bad = || AppError::invalid_query("'from' is not a cursor of this list");
        let (mut passed, mut cursor) = match from.filter(|from| !from.is_empty()) {
            None => (0, None),
            Some(from) => {
                let (passed, cursor) = from.split_once('.').ok_or_else(bad)?;
                let passed: usize = passed.parse().map_err(|_bad| bad())?;
                (passed, Some(cursor.to_owned()).filter(|cursor| !cursor.is_empty()))
            }
        };
        let mut rows = Vec::new();
        loop {
            let query = self.created().limit(limits::PAGE_ROWS).skip(passed).after(cursor.clone());
            let page = self.app.store().list::<User>(&self.ctx.tenant.id, query).await?;
            let more = page.next.is_some();
            let last = page.rows.len();
            for (at, user) in page.rows.into_iter().enumerate() {
                if !self.fits(&user) {
                    continue;
                }
                rows.push(user);
                if rows.len() == take {
                    let seen = at.saturating_add(1);
                    let rest = more || seen < last;
                    let next = format!("{}.{}", passed.saturating_add(seen), cursor.as_deref().unwrap_or_default());
                    return Ok(UserPage { rows, total: 0, next: rest.then_some(next) });
                }
            }
            (passed, cursor) = (0, page.next);
            if cursor.is_none() {
                return Ok(UserPage { rows, total: 0, next: None });
            }
            self.check_time()?;
        }
    }
}

/// A user's place in the list. The row itself is read when the place is known: rows may be large.
struct Ranked {
    rank: Option<Rank>,
    id: UserId,
}

/// Characters of a text that decide about its place.
const RANK_CHARS: usize = 256;

/// A value that sorts.
enum Rank {
    Number(f64),
    Text(String),
}

impl Rank {
    fn of(leaf: Leaf<'_>) -> Self {
        match leaf {
            Leaf::Folded(text) => Self::Text(text.chars().take(RANK_CHARS).flat_map(char::to_lowercase).collect()),
            Leaf::Text(text) => Self::Text(text.chars().take(RANK_CHARS).collect()),
            Leaf::Number(number) => Self::Number(number),
            Leaf::Bool(flag) => Self::Number(f64::from(u8::from(flag))),
            #[expect(clippy::cast_precision_loss, reason = "microseconds since the epoch stay below 2^53 until 2255")]
            Leaf::Time(at) => Self::Number(at.as_microsecond() as f64),
        }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

struct Sort {
    path: Vec<String>,
    descending: bool,
}

impl Sort {
    fn is_by_creation(&self) -> bool {
        matches!(self.path.as_slice(), [field] if field == "created_at")
    }

    fn rank(&self, user: User) -> Ranked {
        let mut rank = None;
        any_leaf(&user, &self.path, Within::No, &mut |leaf| {
            rank = Some(Rank::of(leaf));
            true
        });
        Ranked { rank, id: user.user_id }
    }

    /// Sorts, and keeps the first ones. Users without the field come last, whichever way it is sorted; the id decides
    /// between equal ones, so that the order is always the same.
    fn first(&self, found: &mut Vec<Ranked>, wanted: usize) {
        found.sort_unstable_by(|a, b| {
            let by_field = match (&a.rank, &b.rank) {
                (Some(a), Some(b)) if self.descending => b.cmp(a),
                (Some(a), Some(b)) => a.cmp(b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            by_field.then_with(|| a.id.cmp(&b.id))
        });
        found.truncate(wanted);
    }
}

fn sort_of(sort: Option<&str>) -> Result<Sort, AppError> {
    let bad = || AppError::invalid_query("'sort' must be field:1 or field:-1");
    let Some(text) = sort else { return Ok(Sort { path: path("created_at"), descending: false }) };
    let (field, direction) = text.rsplit_once(':').ok_or_else(bad)?;
    let descending = match direction {
        "1" => false,
        "-1" => true,
        _ => return Err(bad()),
    };
    let path = path(field);
    if path.iter().any(String::is_empty) {
        return Err(bad());
    }
    Ok(Sort { path, descending })
}
