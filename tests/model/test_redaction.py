"""What looks like a secret is found in whatever form it is written, and little else is."""

from __future__ import annotations

import re
from string import ascii_letters, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flinktop.model import redaction
from flinktop.model.redaction import HIDDEN
from tests.growth.__main__ import faster

FORMS: tuple[tuple[str, ...], ...] = (
    # Options, and what follows them.
    ("--password", "{}"),
    ("--password={}",),
    ("--password=", "{}"),
    ("--password", "=", "{}"),
    ("-password", "{}"),
    ("--db.password", "{}", "--out", "y"),
    ("--db-password={}", "--out", "y"),
    ("--passwd", "{}"),
    ("--passphrase", "{}"),
    ("--pass", "{}"),
    ("--pwd", "{}"),
    ("--pw", "{}"),
    ("-pw", "{}"),
    ("-p", "{}"),
    ("-p={}",),
    ("--p", "{}"),
    ("--token", "{}"),
    ("--token", "--{}"),
    ("--token", "-{}"),
    ("--password", "--token", "{}"),
    ("--auth-token", "{}"),
    ("--secret", "{}"),
    ("--client-secret", "{}"),
    ("--clientSecret={}",),
    ("--secretKey", "{}"),
    ("--key", "{}"),
    ("--key={}",),
    ("--api-key", "{}"),
    ("--apikey={}",),
    ("--apiKey", "{}"),
    ("--api_key", "{}"),
    ("--access-key", "{}"),
    ("--accessKey={}",),
    ("--private-key", "{}"),
    ("--encryption-key", "{}"),
    ("--credential", "{}"),
    ("--credentials={}",),
    ("--creds", "{}"),
    ("--basic-auth", "me:{}"),
    ("--basic-auth=me:{}",),
    ("--proxy-auth", "me:{}"),
    ("--auth", "{}"),
    ("--login", "me:{}"),
    ("-u", "me:{}"),
    ("--user", "me:{}"),
    ("--user={}:x@host", "--out", "y"),
    ("--header", "Authorization: Bearer {}"),
    ("--header", "Authorization: Basic {}"),
    ("-H", "X-Api-Key: {}"),
    ("-H", "Cookie: sid={}; path=/"),
    ("--sig", "{}"),
    ("--pin", "{}"),
    ("--otp", "{}"),
    ("--passcode", "{}"),
    ("-storepass", "{}"),
    ("-keypass", "{}"),
    ("--dbpass={}",),
    ("--userpwd", "{}"),
    ("--pswd", "{}"),
    ("--authkey", "{}"),
    ("--user=me:{}",),
    ("-ume:{}",),
    ("--proxy-user", "me:{}"),
    ("curl -u me:{} h",),
    ("curl --user 'me:{}' h",),
    ("-Dpassword={}",),
    ("-Dmy.app.password={}", "--out", "y"),
    ("-D", "s3.secret-key={}"),
    ("-yD", "fs.s3a.secret.key={}"),
    ("--conf", "spark.password={}"),
    ("--env", "DB_PASSWORD={}"),
    ("--set", "db.pass={}"),
    # Words without an option.
    ("password={}",),
    ("password:{}",),
    ("password: {}",),
    ("password:", "{}"),
    ("password", "=", "{}"),
    ("password := {}",),
    ("password => {}",),
    ("PASSWORD={}",),
    ("password      =      {}",),
    ("--password      {}",),
    ("password[0]={}",),
    ("%password%={}",),
    ("dbpwd={}",),
    ("rootpw={}",),
    ("jwt={}",),
    ("name=password,value={}",),
    ("key=password value={}",),
    ("Pwd={}",),
    ("Uid=sa;Pwd={};Database=d",),
    ("AWS_SECRET_ACCESS_KEY={}",),
    ("MY_TOKEN={}",),
    ("user=a,password={}",),
    ("user=a,password={},url=b",),
    ("user=a password={} url=b",),
    ("user=a|password={}|url=b",),
    ("user:a;password:{};x:y",),
    ("sasl.jaas.config=org.P required username='u' password='{}';",),
    ('sasl.jaas.config="org.P required username=u password={};"',),
    ("sasl.jaas.config", "=", "{}"),
    ("fs.azure.account.key.acct.blob.core.windows.net={}",),
    ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=x",),
    ("Endpoint=sb://h/;SharedAccessKeyName=n;SharedAccessKey={}",),
    ("connectionString=host=h;user=u;anything={}",),
    # JSON, YAML, XML, SQL.
    ('{"password":"{}"}',),
    ('{"password": "{}", "x": 1}',),
    ("{'password': '{}', 'x': 1}",),
    ('{"a":{"token":"{}"}}',),
    ('{"password":', '"{}"}'),
    ("{password:{}}",),
    ("{password:{},x:1}",),
    ('{\\"password\\":\\"{}\\",\\"x\\":1}',),
    ('{"auth":{"user":"u","pass":"{}"}}',),
    ('{"tokens":["{}"]}',),
    ('{"credentials":{"a":{"b":"c"},"d":"{}"},"x":1}',),
    ('{\n  "password":\n    "{}"\n}',),
    ('{"name":"DB_PASSWORD","value":"{}"}',),
    ('[{"key": "password", "value": "{}"}]',),
    ('<property name="password" value="{}"/>',),
    ("CREATE USER u IDENTIFIED BY '{}'",),
    ("db:\n  password: {}\n  x: y",),
    ("a=b\npassword={}\nc=d",),
    ("<db><password>{}</password></db>",),
    ("CREATE TABLE t WITH ('connector'='jdbc', 'password' = '{}', 'x'='y')",),
    ("CREATE TABLE t WITH ('password' = '{}''{}')",),
    ("conf['password'] = '{}'",),
    ('conf["token"]="{}"',),
    ("`password`=`{}`",),
    # Addresses.
    ("http://h/x?user=u&password={}",),
    ("http://h/x?user=u&password={}&y=z",),
    ("http://h/x?u=u&p={}",),
    ("https://a.blob/c?sv=1&sig={}&se=2",),
    ("http://h/x?user%3Du%26password%3D{}%26x%3Dy",),
    ("jdbc:mysql://h:3306/db?user=u&password={}",),
    ("jdbc:postgresql://u:{}@h/db",),
    ("jdbc:sqlserver://h;user=u;password={};x=y",),
    ("jdbc:sqlserver://h;user=u;password={{}};x=y",),
    ("jdbc:oracle:thin:u/{}@//h:1521/s",),
    ("jdbc:oracle:thin:u/{}@h:1521:s",),
    ("jdbc:oracle:oci:u/{}@s",),
    ("jdbc:db2://h:50000/db:user=u;password={};",),
    ("--url", "jdbc:mysql://h/db?password={}"),
    ("--url=jdbc:mysql://h/db?password={}&x=y",),
    ("http://u:{}@h/x",),
    ("--url=http://u:{}@h:8081/x",),
    ("kafka://u:{}@h1:9092,h2:9092/t",),
    ("mongodb+srv://u:{}@h/db?w=1",),
    ("s3://KEY:{}@bucket/path",),
    ("s3a://AKIA:{}@bucket/a/b",),
    ("KEY:{}@bucket/path",),
    ("--path=AKIA:{}@bucket/path",),
    ("me:{}@host:1234",),
    # Words of a command line in one word.
    ("sh", "-c", "run --password {} --out y"),
    ("-p {} --out y",),
    ("java -Dtoken={} -jar a.jar --x y",),
    ("curl --key '{}' h",),
    ('curl --key "{}" h',),
    ("curl -H 'Authorization: Bearer {}' h",),
    ("sent Bearer {}",),
    ("sent basic {}",),
)


def test_there_are_a_hundred_forms() -> None:
    assert len(set(FORMS)) == len(FORMS) >= 100


# What looks like a port is one: `http://host:8081/x@y` is kept.
SECRETS = (
    st.text(ascii_letters + digits + "+/=_.!~*$^@:-", min_size=8, max_size=40)
    .map(lambda text: f"a{text}z")
    .filter(lambda secret: not re.search(r":\d{1,5}/", secret))
)


def leaks(secret: str, shown: str, form: tuple[str, ...]) -> bool:
    """Whether as much as six letters of it are there, other than those that the form has by itself."""
    parts = (secret[at : at + 6] for at in range(len(secret) - 5))
    itself = "  ".join(form)
    return any(part in shown and part not in itself for part in parts)


@pytest.mark.parametrize("form", FORMS, ids="  ".join)
def test_a_secret_is_hidden_in_each_form(form: tuple[str, ...]) -> None:
    for secret in ("Hush-Hush.1", "wJalrX/UtnFEMI+K7MDENG=", "x@Y!z:12345"):
        # Where nothing else tells, it is one by its letters.
        put = re.sub("[@!:]", "", secret) if form[0].startswith("sent ") else secret
        shown = "  ".join(redaction.words([word.replace("{}", put) for word in form]))
        assert HIDDEN in shown
        assert not leaks(put, shown, form), shown


BY_NAME = [form for form in FORMS if not any(word.startswith("sent ") for word in form)]


@pytest.mark.deep
@settings(max_examples=1000)
@given(form=st.sampled_from(BY_NAME), secret=SECRETS)
def test_no_secret_is_left_in_any_form(form: tuple[str, ...], secret: str) -> None:
    words = [word.replace("{}", secret) for word in form]
    assert not leaks(secret, "  ".join(redaction.words(words)), form)
    # As a line of a log, the same words.
    assert not leaks(secret, redaction.text(" ".join(words)), form) or form[0] in SPREAD


SPREAD = ("--password", "-u", "--user", "password", "sasl.jaas.config", '{"password":', "password:")
"""What only its place among the words tells."""


@pytest.mark.parametrize(
    "kept",
    [
        "--out y",
        "--in kafka://h1:9092,h2:9092/topic",
        "http://h:8081/jobs/overview?get=a,b",
        "http://h:8081/x@y",
        "hdfs://nn:8020/data@2026/x",
        "s3://bucket/savepoints/savepoint-1a2b-3c",
        "file:/savepoints/savepoint-1",
        "git@github.com:org/repo",
        f"Image ID: docker.io/library/flink:2.2@sha256:{'5f' * 32}",
        f"docker-pullable://registry.example:5000/flink@sha256:{'5f' * 32}",
        "mail ann@example.org",
        "jdbc:mysql://h:3306/db?useSSL=true",
        "jdbc:oracle:thin:@//h:1521/s",
        "key.serializer=org.apache.Serializer",
        "--key-by id --keyspace k",
        "--parallelism 4 --path /x --port 80",
        "group.id=orders, topic=a",
        "check the user, password, token or headers of this cluster",
        "a key of the map; the password is wrong",
        "--password",
        "password=",
        "Token::new and Secret::make",
        "monkey=1 turkey: 2 compass=3 spin=4",
        "bypass=true --bypass x surpass: 1 --user ann",
        '{"name":"orders","value":"x"}',
        "name=parallelism,value=4",
        "2026-11-29 05:00:00,123 WARNING flinktop.engine.poller: GET http://h:8081/jobs/x: Job x not found",
        "GET http://u.example/jobs/1a2b: connection refused (no answer)",
        "",
    ],
)
def test_text_without_signs_of_a_secret_is_kept(kept: str) -> None:
    assert redaction.text(kept) == kept
    assert redaction.words(tuple(kept.split())) == tuple(kept.split())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            "jdbc:mysql://h/db?user=u&password=x&useSSL=true",
            "jdbc:mysql://h/db?user=u&password=******&useSSL=true",
        ),
        ('{"user":"u","password":"x y","n":1}', '{"user":"u","password":"******","n":1}'),
        ("user=a,password=x,y,url=b", "user=a,password=******,url=b"),
        ("s3://KEY:a/b@bucket/path", "s3://******@bucket/path"),
        (f"docker://me:hush@r/flink@sha256:{'5f' * 32}", f"docker://******@r/flink@sha256:{'5f' * 32}"),
        ("jdbc:oracle:thin:u/pw@//h:1521/s", "jdbc:oracle:thin:******@//h:1521/s"),
        ("http://hush@h/x and y@z", "http://******@h/x and y@z"),
        ("run -p x --out y", "run -p ****** --out y"),
        ("('password' = 'it''s', 'x'='y')", "('password' = '******', 'x'='y')"),
        ("token=x\nTraceback\n  at y", "token=******\nTraceback\n  at y"),
        ("a eyJhbGciOi.eyJzdWIi.c2ln b", "a ****** b"),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nx\n-----END RSA PRIVATE KEY----- b",
            "a -----BEGIN RSA PRIVATE KEY-----******-----END RSA PRIVATE KEY----- b",
        ),
    ],
)
def test_text_beside_a_secret_is_kept(given: str, shown: str) -> None:
    assert redaction.text(given) == shown
    assert redaction.text(shown) == shown


def test_settings_are_hidden_by_their_names_or_in_their_values() -> None:
    given = {
        "s3.secret-key": "x",
        "my.api.key": "x",
        "url": "jdbc:mysql://h/db?password=x",
        "env.java.opts": "-Dtoken=x -Dother=y",
        "parallelism.default": "2",
        "fs.s3a.secret.key": "",
    }
    assert redaction.settings(given) == {
        "s3.secret-key": HIDDEN,
        "my.api.key": HIDDEN,
        "url": f"jdbc:mysql://h/db?password={HIDDEN}",
        "env.java.opts": f"-Dtoken={HIDDEN} -Dother=y",
        "parallelism.default": "2",
        "fs.s3a.secret.key": "",
    }


UNITS = (
    *("x", "a://", "password=x ", "password ", "key", "token", "a:", "@", "a@", ":@", "a:b@c/", "-p "),
    *("--key x ", ",a", ", a", "'", '"password":"', "password='", "eyJ", "eyJaaaaaaaa", "basic ", "\\"),
    *("basic aaaaaa ", 'password=\\"', "%3A", "p=,", "p={", "-----BEGIN PRIVATE KEY-----", "\n", "passw"),
    *(
        "authorization:",
        "a.",
        "jdbc:a:",
        "p=a,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "http://a:b@",
        "<p>",
        "p p=x\n",
    ),
)


@pytest.mark.long
def test_no_text_takes_time_out_of_proportion_to_it() -> None:
    assert faster("redaction", redaction.text, UNITS, 100_000) is None
