//! YAML as a tree with places, within bounds: a file can be at most so long, lie so deep and, with what its aliases repeat, hold
//! so much. Comments are kept by their lines, because people say there whose a rule is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{Event, Parser, Placement, ScalarStyle, Span, StrInput};

/// Deepest nesting, aliases resolved: a tree of routes needs two levels for each of its own.
const MAX_DEPTH: usize = 64;
/// Most values, aliases resolved: ten times the largest configuration that is known of. A bomb of aliases ends here.
const MAX_NODES: usize = 200_000;

/// A value and where it begins, counted from 1.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    /// A scalar; a plain one may be null, a number or a truth value.
    Text {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// In the order of the file; each key stands once.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Whether nothing is there.
    pub(super) fn is_null(&self) -> bool {
        let Value::Text { text, plain: true } = &self.value else { return false };
        matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "empty",
            Value::Text { .. } => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// A file's first document, and the comments that have a line of their own.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Node,
    /// By line, without `#`.
    pub(super) comments: BTreeMap<usize, String>,
    /// Where a second document begins: nothing of it is read.
    pub(super) second: Option<usize>,
}

/// Why a text can't be read.
#[derive(Debug)]
pub(super) struct Flaw {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
    pub(super) remedy: &'static str,
}

impl Flaw {
    fn at(span: Span, message: impl Into<String>, remedy: &'static str) -> Self {
        let (line, column) = place(span);
        Self { line, column, message: message.into(), remedy }
    }
}

fn place(span: Span) -> (usize, usize) {
    (span.start.line(), span.start.col() + 1)
}

/// Reads the first document.
pub(super) fn parse(text: &str) -> Result<Document, Flaw> {
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
        // A licence above a list is no attack; the file's length bounds it.
        max_buffered_comment_events: MAX_NODES,
    };
    let events = Parser::new_from_str_with_options(text, options);
    let mut reader =
        Reader { events, anchors: BTreeMap::new(), open: Vec::new(), nodes: 0, comments: BTreeMap::new() };
    let mut root = Node { line: 1, column: 1, value: Value::Text { text: String::new(), plain: true } };
    let mut second = None;
    let mut documents = 0;
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(Document { root, comments: reader.comments, second }),
            Event::DocumentStart(..) if documents == 1 => {
                second = Some(place(span).0);
                return Ok(Document { root, comments: reader.comments, second });
            }
            Event::DocumentStart(..) => documents += 1,
            Event::StreamStart | Event::DocumentEnd => {}
            event => root = reader.node(event, span, 1)?.0,
        }
    }
}

struct Reader<'t> {
    events: Parser<'t, StrInput<'t>>,
    /// What aliases stand for, with how many values it has and how deep it is.
    anchors: BTreeMap<usize, (Node, Size)>,
    /// Anchors of what isn't read to its end.
    open: Vec<usize>,
    nodes: usize,
    comments: BTreeMap<usize, String>,
}

#[derive(Debug, Clone, Copy)]
struct Size {
    nodes: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    /// The next event that isn't a comment.
    fn next(&mut self) -> Result<(Event<'t>, Span), Flaw> {
        loop {
            match self.events.next_event() {
                Some(Ok((Event::Comment(text, placement), span))) => {
                    if placement != Placement::Right {
                        self.comments.insert(place(span).0, text.trim().to_owned());
                    }
                }
                Some(Ok(found)) => return Ok(found),
                Some(Err(error)) => {
                    let (line, column) = (error.marker().line(), error.marker().col() + 1);
                    let message = format!("isn't YAML that can be read: {}", error.kind());
                    return Err(Flaw { line, column, message, remedy: "mend this place, then import again" });
                }
                None => return Ok((Event::StreamEnd, Span::default())),
            }
        }
    }

    /// The value that an event begins, `depth` deep, and its size.
    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<(Node, Size), Flaw> {
        let (line, column) = place(span);
        let (anchor, tag) = (event.anchor_id(), event.tag().map(|tag| tag.is_yaml_core_schema()));
        if tag == Some(false) {
            return Err(Flaw::at(span, "a tag that isn't YAML's own", "leave the tag out"));
        }
        self.grow(1, depth, span)?;
        self.open.extend(anchor);
        let (value, size) = match event {
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                (Value::Text { text: Cow::into_owned(text), plain }, Size { nodes: 1, depth: 1 })
            }
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            Event::Alias(id) => return self.alias(id, depth, span),
            _ => return Err(Flaw::at(span, "a value is missing here", "write it, or leave the key out")),
        };
        let node = Node { line, column, value };
        if let Some(anchor) = anchor {
            self.open.retain(|open| *open != anchor);
            self.anchors.insert(anchor, (node.clone(), size));
        }
        Ok((node, size))
    }

    fn list(&mut self, depth: usize) -> Result<(Value, Size), Flaw> {
        let (mut list, mut size) = (Vec::new(), Size { nodes: 1, depth: 1 });
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok((Value::List(list), size));
            }
            let (node, within) = self.node(event, span, depth + 1)?;
            size.add(within);
            list.push(node);
        }
    }

    fn map(&mut self, depth: usize) -> Result<(Value, Size), Flaw> {
        let (mut map, mut size): (Vec<(String, Node)>, _) = (Vec::new(), Size { nodes: 1, depth: 1 });
        let mut merged = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                // What the map says itself wins over what it takes from elsewhere.
                for (key, node) in merged {
                    if !map.iter().any(|(known, _)| *known == key) {
                        map.push((key, node));
                    }
                }
                return Ok((Value::Map(map), size));
            }
            let (key, _) = self.node(event, span, depth + 1)?;
            let Value::Text { text: key, .. } = key.value else {
                return Err(Flaw::at(span, "a key that isn't a text", "write a name before the colon"));
            };
            let (event, value_at) = self.next()?;
            let (node, within) = self.node(event, value_at, depth + 1)?;
            size.add(within);
            if key == "<<" {
                merged.extend(merge(node).ok_or_else(|| {
                    Flaw::at(value_at, "`<<` takes in what isn't a map", "name an anchor of a map")
                })?);
                continue;
            }
            if map.iter().any(|(known, _)| *known == key) {
                let key: String = key.chars().take(80).collect();
                return Err(Flaw::at(span, format!("`{key}` stands twice"), "keep one of them"));
            }
            map.push((key, node));
        }
    }

    fn alias(&mut self, id: usize, depth: usize, span: Span) -> Result<(Node, Size), Flaw> {
        if self.open.contains(&id) {
            return Err(Flaw::at(span, "an alias of what it stands in", "write out what is meant"));
        }
        let size = self.anchors.get(&id).map_or(Size { nodes: 0, depth: 0 }, |(_, size)| *size);
        self.grow(size.nodes, depth + size.depth, span)?;
        match self.anchors.get(&id) {
            Some((node, size)) => Ok((node.clone(), *size)),
            None => Err(Flaw::at(span, "an alias of nothing", "write out what is meant")),
        }
    }

    fn grow(&mut self, nodes: usize, depth: usize, span: Span) -> Result<(), Flaw> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values, with those that aliases repeat");
            return Err(Flaw::at(span, message, "import it in parts, and write out what aliases repeat"));
        }
        if depth > MAX_DEPTH {
            return Err(Flaw::at(span, format!("values lie more than {MAX_DEPTH} deep"), "flatten them"));
        }
        Ok(())
    }
}

impl Size {
    fn add(&mut self, within: Self) {
        self.nodes = self.nodes.saturating_add(within.nodes);
        self.depth = self.depth.max(within.depth + 1);
    }
}

/// What `<<` takes in: a map, or of several the first that has a key.
fn merge(node: Node) -> Option<Vec<(String, Node)>> {
    match node.value {
        Value::Map(map) => Some(map),
        Value::List(list) => {
            let maps: Option<Vec<_>> = list.into_iter().map(merge).collect();
            maps.map(|maps| maps.into_iter().flatten().collect())
        }
        Value::Text { .. } => None,
    }
}

#[cfg(test)]
mod tests;
