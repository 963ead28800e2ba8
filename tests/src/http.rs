//! A small HTTP/1.1 client and server: enough to ask the product as anybody could, and to be what it asks and tells.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;

/// How long one read may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Names with their values, names in lower case.
pub type Headers = Vec<(String, String)>;

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header's value; empty when it isn't there.
    pub fn header(&self, name: &str) -> &str {
        value(&self.headers, name)
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn value<'h>(headers: &'h Headers, name: &str) -> &'h str {
    headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}

/// Where requests go, and how.
#[derive(Debug, Clone)]
pub struct Peer {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
}

impl Peer {
    /// Plain HTTP.
    pub fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None }
    }

    /// HTTP over TLS; the server proves to be its IP address.
    pub fn tls(address: SocketAddr, config: ClientConfig) -> Self {
        Self { address, tls: Some(Arc::new(config)) }
    }

    /// Asks without a body.
    ///
    /// # Errors
    /// When there is no answer of HTTP.
    pub fn get(&self, path: &str) -> io::Result<Answer> {
        self.ask("GET", path, &[], b"")
    }

    /// Asks on a connection of its own.
    ///
    /// # Errors
    /// When there is no answer of HTTP.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let mut stream = self.connect()?;
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        head += "\r\n";
        // A server that refuses early may close before all is sent; its answer is there nevertheless.
        let sent = stream.write_all(&[head.as_bytes(), body].concat()).and_then(|()| stream.flush());
        answer(&mut BufReader::new(stream)).map_err(|error| sent.err().unwrap_or(error))
    }

    fn connect(&self) -> io::Result<Box<dyn ReadWrite>> {
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let Some(config) = &self.tls else { return Ok(Box::new(stream)) };
        let name = rustls::pki_types::ServerName::from(self.address.ip());
        let connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Box::new(StreamOwned::new(connection, stream)))
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

fn answer(stream: &mut impl BufRead) -> io::Result<Answer> {
    let (first, headers) = head(stream)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("not HTTP: `{first}`")))?;
    let body = match value(&headers, "content-length").parse::<usize>() {
        Ok(length) => exactly(stream, length)?,
        Err(_) if value(&headers, "transfer-encoding") == "chunked" => chunks(stream)?,
        Err(_) => Vec::new(),
    };
    Ok(Answer { status, headers, body })
}

/// The first line and the headers.
fn head(stream: &mut impl BufRead) -> io::Result<(String, Headers)> {
    let first = line(stream)?;
    let mut headers = Headers::new();
    loop {
        let line = line(stream)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok((first, headers))
}

fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn exactly(stream: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn chunks(stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let length = usize::from_str_radix(&line(stream)?, 16).map_err(io::Error::other)?;
        body.extend(exactly(stream, length)?);
        line(stream)?;
        if length == 0 {
            return Ok(body);
        }
    }
}

/// What somebody asked of a [`Service`].
#[derive(Debug, Clone)]
pub struct Request {
    /// The path.
    pub path: String,
    headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A header's value; empty when it isn't there.
    pub fn header(&self, name: &str) -> &str {
        value(&self.headers, name)
    }
}

/// An HTTP service with one answer to everything. It stops when it is dropped: nobody listens there any more.
#[derive(Debug)]
pub struct Service {
    /// Where it listens.
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Service {
    /// Starts it; `answer` gives the status of each answer.
    ///
    /// # Panics
    /// When the address can't be listened on.
    pub fn start(address: SocketAddr, answer: impl Fn(Request) -> u16 + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, answer) = (Arc::clone(&stop), Arc::new(answer));
        let listening = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let answer = Arc::clone(&answer);
                // A client that goes away in the middle is its own business.
                std::thread::spawn(move || serve(stream, answer.as_ref()));
            }
        });
        Self { address, stop, listening: Some(listening) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees that it has to stop.
        drop(TcpStream::connect(self.address));
        drop(self.listening.take().map(JoinHandle::join));
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(Request) -> u16) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream);
    let (first, headers) = head(&mut reader)?;
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let length = value(&headers, "content-length").parse().unwrap_or(0);
    let body = exactly(&mut reader, length)?;
    let status = answer(Request { path, headers, body });
    let text = format!("HTTP/1.1 {status} Told\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    reader.get_mut().write_all(text.as_bytes())
}
