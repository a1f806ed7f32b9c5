//! `extract`: the document that a docs page embeds.

use std::ops::Range;

use anyhow::{Result, anyhow, bail};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// A document as a page embeds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embedded<'a> {
    /// The text between the fences, byte for byte.
    pub text: &'a str,
    /// The document's own path or URL, where the fence line names it.
    pub path: Option<&'a str>,
    /// The operation, as the fence line names it: the method in upper case and
    /// the path.
    pub operation: (&'a str, &'a str),
}

/// The one OpenAPI document in a Markdown page: a fenced block whose line reads
/// `yaml SPEC-PATH METHOD PATH`.
///
/// # Errors
///
/// When the page holds none, more than one, or one whose fence is not closed;
/// and when it is not Markdown but HTML.
pub fn extract(page: &str) -> Result<Embedded<'_>> {
    let mut found = fenced(page).into_iter();
    match (found.next(), found.next()) {
        (Some(block), None) => block,
        (Some(_), Some(_)) => bail!("the page embeds more than one OpenAPI document"),
        (None, _) if looks_like_html(page) => bail!(
            "the page is HTML, not Markdown, and embeds no OpenAPI document; most docs sites serve \
             the Markdown at the same address with `.md` at its end"
        ),
        (None, _) => bail!(
            "the page embeds no OpenAPI document: no fenced block's first line reads \
             `yaml SPEC-PATH METHOD PATH` (a document itself needs no extracting)"
        ),
    }
}

fn fenced(page: &str) -> Vec<Result<Embedded<'_>>> {
    let mut found = Vec::new();
    let mut events = Parser::new(page).into_offset_iter();
    while let Some((event, block)) = events.next() {
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) = event else {
            continue;
        };
        let mut text: Option<Range<usize>> = None;
        let mut whole = true;
        for (event, range) in events.by_ref() {
            match event {
                Event::Text(_) => {
                    let start = text.as_ref().map_or(range.start, |text| text.start);
                    let gap = page.get(text.map_or(range.start, |text| text.end)..range.start);
                    whole &= gap.is_some_and(|gap| gap.is_empty() || gap == "\r");
                    text = Some(start..range.end);
                }
                Event::End(TagEnd::CodeBlock) => break,
                _ => {}
            }
        }
        let source = page.get(block.clone()).unwrap_or_default();
        let (line, _) = source.split_once('\n').unwrap_or((source, ""));
        if let (Some((path, operation)), Some(text)) = (fence_line(line), text) {
            let after = page.get(text.end..block.end).unwrap_or_default();
            found.push(if !whole {
                Err(anyhow!("the embedded document is indented, or in a list: it cannot be taken byte for byte"))
            } else if !closes(line, after) {
                Err(anyhow!("the page ends inside the embedded document: it was cut short"))
            } else {
                Ok(Embedded {
                    text: page.get(text).unwrap_or_default(),
                    path,
                    operation,
                })
            });
        }
    }
    found
}

/// The spec path and the operation, where a fence line names an operation.
fn fence_line(line: &str) -> Option<(Option<&str>, (&str, &str))> {
    let info = line.trim_start_matches(['`', '~']);
    let words: Vec<_> = info.split_whitespace().collect();
    let (path, method, operation) = match words[..] {
        ["yaml" | "yml" | "json", path, method, operation] => (Some(path), method, operation),
        ["yaml" | "yml" | "json", method, operation] => (None, method, operation),
        _ => return None,
    };
    let known = METHODS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(method))?;
    Some((path, (known, operation)))
}

/// The methods of a path item.
pub const METHODS: [&str; 8] = [
    "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE",
];

/// Whether what follows the text is the fence that closes it: of the same
/// character and at least as long. A page that was cut short leaves it open.
fn closes(opening: &str, after: &str) -> bool {
    let mark = opening.chars().next().unwrap_or('`');
    let length = |line: &str| line.chars().take_while(|c| *c == mark).count();
    let closing = after.trim_start_matches(['\r', '\n']).trim_end();
    let bare = closing.trim_start_matches(' ');
    closing.len() - bare.len() <= 3 && length(bare) == bare.len() && length(bare) >= length(opening)
}

fn looks_like_html(page: &str) -> bool {
    let start = page
        .trim_start()
        .get(..15)
        .unwrap_or_default()
        .to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}
