//! Tests of mails as they are written; `tests/clients` sends them to a real server over TLS.

use super::super::testing::{HOSTILE, message, notice};
use super::*;

fn email() -> Email {
    Email {
        host: "127.0.0.1".to_owned(),
        port: 25,
        security: Security::None,
        login: None,
        from: "Ops <ops@example.com>".parse().unwrap(),
        to: vec!["team@example.com".parse().unwrap()],
        name: "ops.example".to_owned(),
    }
}

/// The headers of a mail, unfolded.
fn headers(mail: &lettre::Message) -> Vec<(String, String)> {
    let text = String::from_utf8(mail.formatted()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    let pair = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    head.replace("\r\n ", " ").split("\r\n").map(|line| pair(line).unwrap()).collect()
}

#[test]
fn hostile_texts_add_no_header_and_no_recipient() {
    let known = [
        "From",
        "Subject",
        "Message-ID",
        "Date",
        "Auto-Submitted",
        "In-Reply-To",
        "References",
        "To",
        "MIME-Version",
        "Content-Type",
    ];
    for text in HOSTILE {
        for message in [message(text, true), notice(text)] {
            let mail = email().mail(&message).unwrap();
            let headers = headers(&mail);
            assert!(headers.iter().all(|(name, _)| known.contains(&name.as_str())), "{headers:?}");
            assert_eq!(headers.iter().filter(|(name, _)| name == "Subject").count(), 1);
            assert_eq!(mail.envelope().to().len(), 1);
            assert!(mail.formatted().is_ascii(), "it needs no extension of the server");
        }
        let html = Html { wording: &Wording::of(&message(text, true), 10) }.render().unwrap();
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    }
}

#[test]
fn mails_about_a_group_are_one_thread() {
    let of = |message: &Message, name: &str| {
        let found = headers(&email().mail(message).unwrap()).into_iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    };
    let (begins, ends) = (message("full", true), message("full", false));
    assert_eq!(of(&begins, "Message-ID").unwrap(), format!("<{}@ops.example>", begins.id));
    assert_eq!(of(&begins, "References"), of(&ends, "References"));
    assert_eq!(of(&begins, "References"), of(&ends, "In-Reply-To"));
    assert_eq!(of(&begins, "Auto-Submitted").unwrap(), "auto-generated");
    assert_eq!(of(&notice("x"), "References"), None);
}

#[test]
fn a_message_for_a_person_goes_to_them_alone() {
    let mut message = message("full", true);
    message.to.address = Some("mara@example.com".to_owned());
    let mail = email().mail(&message).unwrap();
    assert_eq!(
        mail.envelope().to().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["mara@example.com"]
    );
    for wrong in ["", "mara", "mara@example.com, everybody@example.com", "mara@example.com\r\nBcc: x@y.z"] {
        message.to.address = Some(wrong.to_owned());
        assert!(email().mail(&message).unwrap_err().is_final(), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_or_never_stops_talking_is_tried_again_later() {
    use tokio::io::AsyncWriteExt as _;
    for endless in [false, true] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            while endless && stream.write_all(&[b'2'; 4_096]).await.is_ok() {}
        });
        let error = Email { port, ..email() }.send(&message("full", true)).await.unwrap_err();
        assert!(!error.is_final(), "{error}");
        serving.await.unwrap();
    }
}

/// A mail server that refuses every address and says it aloud.
async fn refuses_by_name(listener: tokio::net::TcpListener) {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let (stream, _) = listener.accept().await.unwrap();
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 mail\r\n").await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = if line.starts_with("RCPT") {
            format!("550 5.1.1 no mailbox for {line}\r\n")
        } else {
            "250 ok\r\n".to_owned()
        };
        if writing.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn what_a_server_says_of_a_persons_address_is_told_to_nobody() {
    for (person, told) in [(None, "mara@example.com"), (Some("mara"), "the mail server answered 550")] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(refuses_by_name(listener));
        let mut message = message("full", true);
        message.to.person = person.map(|name| name.parse().unwrap());
        message.to.address = Some("mara@example.com".to_owned());
        let error = Email { port, ..email() }.send(&message).await.unwrap_err();
        assert!(error.is_final() && error.to_string().contains(told), "{error}");
        assert_eq!(error.to_string().contains("mara@"), person.is_none(), "{error}");
        serving.abort();
    }
}
