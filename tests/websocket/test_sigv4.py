from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, strategies as st

from bridge.websocket._api.sigv4 import Credentials, signed_headers

VISIBLE = st.characters(min_codepoint=33, max_codepoint=126)
SEGMENT = st.text(min_size=1).filter(lambda text: text.strip("."))
PATHS = st.lists(SEGMENT.map(lambda text: quote(text, safe="")), min_size=1).map(lambda parts: "/" + "/".join(parts))
IDS = st.text("ABCxyz019+/=_-", min_size=1).map(lambda text: "/prod/@connections/" + quote(text, safe=""))
CREDENTIALS = st.builds(
    Credentials,
    st.text("ABC019", min_size=1),
    st.text(VISIBLE, min_size=1),
    st.none() | st.just("") | st.text(VISIBLE, min_size=1),
)


def test_the_signature_of_the_specifications_first_example() -> None:
    # AWS's test suite for Signature Version 4: get-vanilla.
    headers = signed_headers(
        "GET",
        "example.amazonaws.com",
        "/",
        b"",
        credentials=Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        service="service",
        now=datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp(),
    )
    assert headers == {
        "Host": "example.amazonaws.com",
        "X-Amz-Date": "20150830T123600Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    }


@given(
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    host=st.sampled_from(["abc.execute-api.eu-west-1.amazonaws.com", "ws.example.com", "localhost:3001", "[::1]:80"]),
    path=PATHS | IDS,
    body=st.binary(),
    credentials=CREDENTIALS,
    region=st.sampled_from(["eu-west-1", "us-gov-west-1", "cn-north-1"]),
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),
)
def test_every_request_is_signed_as_botocore_signs_it(
    method: str, host: str, path: str, body: bytes, credentials: Credentials, region: str, moment: datetime
) -> None:
    moment = moment.replace(tzinfo=UTC)
    # Over HTTPS botocore leaves the scheme's own port out, as Bridge's endpoint does.
    scheme = "http" if host.startswith("localhost") else "https"
    request = AWSRequest(method, f"{scheme}://{host}{path}", headers={"Host": host}, data=body)
    with patch.object(auth, "get_current_datetime", lambda: moment):
        auth.SigV4Auth(BotocoreCredentials(*credentials), "execute-api", region).add_auth(request)
    assert dict(request.headers) == signed_headers(
        method,
        host,
        path,
        body,
        credentials=credentials,
        region=region,
        service="execute-api",
        now=moment.timestamp(),
    )


def test_the_time_is_the_clocks_if_none_is_given() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    headers = signed_headers("GET", "h", "/", b"", credentials=Credentials("a", "b"), region="r", service="s")
    stamp = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
    assert before <= stamp <= datetime.now(UTC)


@pytest.mark.parametrize("change", [{"path": "/b"}, {"body": b"x"}, {"host": "i"}, {"method": "POST"}, {"region": "q"}])
def test_the_signature_covers_the_whole_request(change: dict[str, object]) -> None:
    def signature(**parts: object) -> str:
        request = {"method": "GET", "host": "h", "path": "/a", "body": b"", "region": "r", **parts}
        headers = signed_headers(**request, credentials=Credentials("a", "b"), service="s", now=0)  # type: ignore[arg-type]
        return headers["Authorization"].partition("Signature=")[2]

    assert signature(**change) != signature()
