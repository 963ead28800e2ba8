"""An alert and its end from a real server to a receiver of each kind, checked with the receivers' own libraries."""

import contextlib
import email
import email.policy
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

import pagerduty
import slack_sdk.models.blocks
import standardwebhooks
import trustme
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

from receivers import Http, Mail, free_port, server_side, until

KEY, PREVIOUS = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2VjcmV0IG9mIHR3ZW50eS1mb3VyIGJ5dGVzIQ=="
HOSTILE = "<!channel> @here [x](http://evil.example) <script>alert(1)</script>\r\nBcc: all@example.com\r\n\r\nbody"
LABELS = {"alertname": "DiskFull", "severity": "critical", "instance": "web-1:9100", "owner": "platform-operations"}
ANNOTATIONS = {"summary": HOSTILE, "description": HOSTILE, "runbook_url": "https://wiki.example/disk"}
BAD = ["hang", "500", "429", "endless", "redirect"]
RUNBOOK = """[[route]]
receivers = [{names}]
group_by = ["alertname"]
group_wait = "0s"
group_interval = "0s"
"""


class Server:
    """The product, asked as a script asks it."""

    def __init__(self, work, receivers):
        self.url = f"http://127.0.0.1:{free_port()}"
        listen = [f'127.0.0.1:{free_port()}' for _ in range(2)]
        (work / "runbook.toml").write_text(
            RUNBOOK.format(names=", ".join(f'"{name}"' for name in receivers))
        )
        sections = "\n".join(f"[receiver.{name}]\n{text}" for name, text in receivers.items())
        (work / "server.toml").write_text(
            f'data = "{work}/data"\nrunbook = "{work}/runbook.toml"\n[web]\nlisten = "{self.url[7:]}"\n'
            f'[agents]\nlisten = "{listen[0]}"\n[admin]\nlisten = "{listen[1]}"\n{sections}'
        )
        self.log = open(work / "log", "wb")
        self.process = subprocess.Popen(
            [os.environ["EAVIP_SERVER"], "run", "--config", work / "server.toml"],
            stdout=subprocess.PIPE, stderr=self.log,
        )
        link = self.process.stdout.readline().decode().strip()
        assert link, "the server didn't start"
        _, cookie = self.ask("POST", "/api/v1/session", {"link": link.split("#token=")[1]}, {})
        made, _ = self.ask(
            "POST", "/api/v1/tokens", {"name": "clients", "role": "admin", "expires_in_days": 1},
            {"Cookie": cookie.split(";")[0], "Origin": self.url},
        )
        self.token = made["secret"]

    def ask(self, method, path, body=None, headers=None):
        headers = {"Authorization": f"Bearer {self.token}"} if headers is None else headers
        data = None if body is None else json.dumps(body).encode()
        headers = headers | {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return json.loads(text) if text else None, answer.headers.get("Set-Cookie")

    def alert(self, **more):
        self.ask("POST", "/api/v2/alerts", [{"labels": LABELS, "annotations": ANNOTATIONS} | more])

    def deliveries(self, query):
        return self.ask("GET", f"/api/v1/deliveries?{query}")[0]["items"]

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


def secret(work, name, text):
    (work / name).write_text(text)
    return f'{{ file = "{work}/{name}" }}'


def configured(work, web, mail, implicit):
    """Every kind of receiver, and the bad ones."""
    key, password = secret(work, "key", KEY), secret(work, "password", "correct horse")
    smtp = f'type = "email"\nhost = "localhost"\nuser = "ops"\npassword = {password}\nfrom = "Ops <ops@example.com>"\n'
    smtp += 'to = ["Team <team@example.com>", "gone@example.com", "second@example.com"]\n'
    receivers = {
        "hook": f'url = "{web.url}/hook"\nsecret = {key}\nprevious_secret = {secret(work, "previous", PREVIOUS)}\n',
        "am": f'type = "alertmanager"\nurl = "{web.url}/am"\ntoken = {secret(work, "token", "t0ken")}\n',
        "ce": f'type = "cloudevents"\nurl = "{web.url}/ce"\n',
        "pd": f'type = "pagerduty"\nurl = "{web.url}/v2/enqueue"\nrouting_key = {secret(work, "routing", "R0UT1NG")}\n',
        "slack": f'type = "slack"\nurl = {secret(work, "slack", web.url + "/slack")}\n',
        "mattermost": f'type = "mattermost"\nurl = {secret(work, "mattermost", web.url + "/mattermost")}\n',
        "mail": smtp + f"port = {mail.port}\n",
        "smtps": smtp + f'port = {implicit.port}\nsecurity = "tls"\n',
    }
    for name in BAD:
        receivers[name] = f'url = "{web.url}/{name}"\nsecret = {key}\n'
    return receivers


def check_webhook(web):
    kinds = []
    for headers, body in web.got["/hook"]:
        headers = {name.lower(): value for name, value in headers.items()}
        for key in (KEY, PREVIOUS):
            standardwebhooks.Webhook(key).verify(body, headers)
        kinds.append(json.loads(body)["type"])
        try:
            standardwebhooks.Webhook(KEY).verify(body + b" ", headers)
        except standardwebhooks.WebhookVerificationError:
            continue
        raise AssertionError("another body verifies")
    assert kinds == ["alerts.firing", "alerts.resolved"], kinds


def check_cloudevents(web):
    events = [from_http_event(HTTPMessage(dict(headers), body)) for headers, body in web.got["/ce"]]
    kinds = [event.get_type() for event in events]
    assert kinds == ["dev.eavip.alerts.firing", "dev.eavip.alerts.resolved"], kinds
    assert events[0].get_id() != events[1].get_id()
    assert events[0].get_subject() == events[1].get_subject()
    assert events[0].get_data()["alerts"][0]["rule"] == "diskfull"


def check_pagerduty(web, tls):
    """PagerDuty's own client sends the same; nothing but what says who asks may differ."""
    ours = web.bodies("/v2/enqueue")
    assert [event["event_action"] for event in ours] == ["trigger", "resolve"], ours
    assert ours[0]["dedup_key"] == ours[1]["dedup_key"]
    other = Http(tls)
    client = pagerduty.EventsApiV2Client("R0UT1NG", base_url=other.url)
    payload = ours[0]["payload"]
    client.trigger(
        payload["summary"], payload["source"], ours[0]["dedup_key"], payload["severity"],
        payload={"timestamp": payload["timestamp"]} | {"custom_details": payload["custom_details"]},
        links=ours[0]["links"],
    )
    theirs = other.bodies("/v2/enqueue")[0]
    other.stop()
    extra = {name: ours[0][name] for name in ours[0].keys() - theirs.keys()}
    assert extra.keys() == {"client", "client_url"}, extra
    assert {name: ours[0][name] for name in theirs} == theirs, (ours[0], theirs)


def check_slack(web):
    for body in web.bodies("/slack"):
        blocks = slack_sdk.models.blocks.Block.parse_all(body["blocks"])
        for block in blocks:
            block.validate_json()
        assert "<!channel>" not in json.dumps(body) and "<http://evil" not in json.dumps(body)
    assert len(web.got["/slack"]) == 2


def check_mattermost(web):
    for body in web.bodies("/mattermost"):
        assert "@here" not in body["text"] and "](http://evil" not in body["text"], body
    assert len(web.got["/mattermost"]) == 2


def check_mail(server):
    threads = set()
    for sender, recipients, content in server.got:
        assert sender == "ops@example.com"
        assert recipients == ["team@example.com", "second@example.com"], recipients
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert not mail.defects and mail["Bcc"] is None, mail.items()
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["In-Reply-To"] == mail["References"] != mail["Message-ID"]
        threads.add(mail["References"])
        text = mail.get_body(("plain",)).get_content()
        html = mail.get_body(("html",)).get_content()
        assert "https://wiki.example/disk" in text and "<script" not in html, html
    subjects = [email.message_from_bytes(c, policy=email.policy.default)["Subject"] for *_, c in server.got]
    assert [subject.split()[0].rstrip(":") for subject in subjects] == ["FIRING", "RESOLVED"], subjects
    assert len(threads) == 1, "one group, one thread"


@contextlib.contextmanager
def alertmanager(work, web):
    """A real Alertmanager that tells the same receiver."""
    port = free_port()
    (work / "alertmanager.yml").write_text(json.dumps({
        "route": {"receiver": "am", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "1s"},
        "receivers": [{"name": "am", "webhook_configs": [{"url": f"{web.url}/real"}]}],
    }))
    process = subprocess.Popen(
        ["prometheus-alertmanager", f"--config.file={work}/alertmanager.yml", f"--storage.path={work}/am",
         f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        return urllib.request.urlopen(request, timeout=10).status
    except OSError:
        return None


def check_alertmanager(work, web):
    plain = Http()
    with alertmanager(work, plain) as url:
        alert = {"labels": LABELS, "annotations": ANNOTATIONS}
        until("Alertmanager to take the alert", lambda: post(f"{url}/api/v2/alerts", [alert]))
        real = until("what Alertmanager sends", lambda: plain.bodies("/real"))[0]
    plain.stop()
    firing, resolved = web.bodies("/am")
    assert firing.keys() == real.keys(), firing.keys() ^ real.keys()
    assert firing["alerts"][0].keys() == real["alerts"][0].keys()
    for name in ("version", "status", "receiver", "groupLabels", "commonLabels", "truncatedAlerts"):
        assert firing[name] == real[name], (name, firing[name], real[name])
    for name in ("status", "labels", "fingerprint", "endsAt"):
        assert firing["alerts"][0][name] == real["alerts"][0][name], name
    assert real["alerts"][0]["annotations"].items() <= firing["alerts"][0]["annotations"].items()
    assert resolved["status"] == "resolved" and resolved["alerts"][0]["endsAt"] > firing["alerts"][0]["startsAt"]
    assert all(headers["Authorization"] == "Bearer t0ken" for headers, _ in web.got["/am"])


def main():
    authority = trustme.CA()
    web, mail = Http(server_side(authority)), Mail(server_side(authority), implicit=False)
    implicit = Mail(server_side(authority), implicit=True)
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        authority.cert_pem.write_to_path(work / "ca.pem")
        os.environ["SSL_CERT_FILE"] = str(work / "ca.pem")  # for the server and for PagerDuty's client
        receivers = configured(work, web, mail, implicit)
        good = [name for name in receivers if name not in BAD]
        server = Server(work, receivers)
        try:
            server.alert()
            told = lambda count: lambda: len(server.deliveries("status=delivered")) >= count * len(good)
            until("every good receiver to be told", told(1))
            server.alert(endsAt=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
            until("every good receiver to be told of the end", told(2))
            for name in BAD:
                met = until(f"{name} to fail", lambda: [
                    found for found in server.deliveries(f"receiver={name}") if found["last_error"]
                ])
                print(f"{name}: {met[-1]['last_error'][:60]}")
            test, _ = server.ask("POST", "/api/v1/receivers/hook/test")
            assert test["status"] == "delivered", test
            test, _ = server.ask("POST", "/api/v1/receivers/500/test")
            assert (test["status"], test["attempts"]) == ("given-up", 1), test
            web.got["/hook"].pop()  # the test
            for name, check in [
                ("Standard Webhooks", lambda: check_webhook(web)),
                ("Alertmanager", lambda: check_alertmanager(work, web)),
                ("CloudEvents", lambda: check_cloudevents(web)),
                ("PagerDuty", lambda: check_pagerduty(web, server_side(authority))),
                ("Slack", lambda: check_slack(web)),
                ("Mattermost", lambda: check_mattermost(web)),
                ("mail by STARTTLS", lambda: check_mail(mail)),
                ("mail by TLS", lambda: check_mail(implicit)),
            ]:
                check()
                print(f"{name}: right")
        except BaseException:
            sys.stderr.write((work / "log").read_text()[-4000:])
            raise
        finally:
            server.stop()
            web.stop()
            mail.controller.stop()
            implicit.controller.stop()


main()
