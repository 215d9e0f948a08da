"""What only the store on DynamoDB does. What all stores do: test_store.py."""

import sys
import time
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

import bridge
from bridge.websocket._dynamodb import PLAIN, DynamoDBStore
from bridge.websocket._store import Item


def test_boto3_is_imported_and_the_client_made_by_the_first_call(
    dynamodb_url: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    store = DynamoDBStore(table, endpoint_url=dynamodb_url, region="eu-west-1")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "boto3", None)
        with pytest.raises(bridge.ConfigurationError, match="pip install boto3"):
            store.get("lazy", "a")
    assert store.put("lazy", "a", {"n": 1}, version=0, expires=int(time.time()) + 60)
    client = store._client
    assert store.get("lazy", "a") == Item({"n": 1}, 1)
    assert store._client is client
    client.close()


def test_a_missing_table_is_named_and_described(dynamodb: Any, dynamodb_url: str) -> None:
    store = DynamoDBStore("nowhere", client=dynamodb)
    with pytest.raises(bridge.ConfigurationError) as raised:
        store.put("k", "a", {}, version=0, expires=1)
    for part in ("'nowhere'", "eu-west-1", dynamodb_url, "pk (S)", "sk (S)", "expires", "docs/websocket-stores.md"):
        assert part in str(raised.value)
    assert isinstance(raised.value.__cause__, ClientError)
    assert "nowhere" not in dynamodb.list_tables()["TableNames"]


def test_other_errors_of_dynamodb_are_left_as_they_are(dynamodb: Any, table: str) -> None:
    store = DynamoDBStore(table, client=dynamodb)
    with pytest.raises(ClientError, match="ValidationException"):
        store.put("k" * 3000, "a", {}, version=0, expires=1)


def test_the_attribute_that_ends_items_is_the_one_of_the_ttl(dynamodb: Any, table: str, template: Any) -> None:
    DynamoDBStore(table, client=dynamodb).put("ttl", "a", {}, version=0, expires=2_000_000_000)
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert ttl == {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"}
    item = dynamodb.get_item(TableName=table, Key={"pk": {"S": "ttl"}, "sk": {"S": "a"}})["Item"]
    assert item[ttl["AttributeName"]] == {"N": "2000000000"}


def test_the_policy_of_the_page_allows_what_is_called_and_no_more(dynamodb: Any, table: str, template: Any) -> None:
    called = set()

    def note(model: Any, **_rest: Any) -> None:
        called.add(f"dynamodb:{model.name}")

    dynamodb.meta.events.register("before-call.dynamodb", note)
    try:
        store = DynamoDBStore(table, client=dynamodb)
        store.put("policy", "a", {}, version=0, expires=2_000_000_000)
        store.get("policy", "a")
        store.sorts("policy")
        store.delete("policy", "a")
    finally:
        dynamodb.meta.events.unregister("before-call.dynamodb", note)
    (policy,) = template["App"]["Properties"]["Policies"]
    assert called == set(policy["Statement"][0]["Action"])


def test_short_values_can_be_read_in_the_console_and_long_ones_are_small(dynamodb: Any, table: str) -> None:
    store = DynamoDBStore(table, client=dynamodb)
    headers = [["user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"], ["cookie", "a=1; b=2"]]
    values: dict[str, Any] = {
        "short": {"user": "anna"},
        "limit": {"x": "y" * (PLAIN - 8)},
        "long": {"headers": headers * 10},
    }
    stored = {}
    for name, value in values.items():
        store.put("size", name, value, version=0, expires=2_000_000_000)
        key = {"pk": {"S": "size"}, "sk": {"S": name}}
        stored[name] = dynamodb.get_item(TableName=table, Key=key)["Item"]["value"]
    assert stored["short"] == {"S": '{"user":"anna"}'}
    assert len(stored["limit"]["S"]) == PLAIN
    assert len(zlib.decompress(stored["long"]["B"])) > 4 * len(stored["long"]["B"])


def test_reads_are_consistent(dynamodb: Any, table: str) -> None:
    asked = []

    def note(params: dict[str, Any], **_rest: Any) -> None:
        asked.append(params["ConsistentRead"])

    names = ["provide-client-params.dynamodb.GetItem", "provide-client-params.dynamodb.Query"]
    for name in names:
        dynamodb.meta.events.register(name, note)
    try:
        store = DynamoDBStore(table, client=dynamodb)
        store.get("consistent", "a")
        store.sorts("consistent")
    finally:
        for name in names:
            dynamodb.meta.events.unregister(name, note)
    assert asked == [True, True]


class Client:
    """A client that lets some calls go another way."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def test_sorts_follows_the_pages(dynamodb: Any, table: str) -> None:
    class Paged(Client):
        pages = 0

        def query(self, **parameters: Any) -> Any:
            self.pages += 1
            return self._client.query(Limit=2, **parameters)

    client = Paged(dynamodb)
    store = DynamoDBStore(table, client=client)
    for number in range(5):
        store.put("pages", str(number), {}, version=0, expires=2_000_000_000 if number != 2 else 1)
    assert sorted(store.sorts("pages")) == ["0", "1", "3", "4"]
    assert client.pages == 3


def test_a_put_that_is_repeated_because_its_answer_was_lost_has_not_lost_to_itself(dynamodb: Any, table: str) -> None:
    class Repeating(Client):
        def put_item(self, **parameters: Any) -> Any:
            self._client.put_item(**parameters)
            return self._client.put_item(**parameters)  # as botocore does

    store = DynamoDBStore(table, client=Repeating(dynamodb))
    for version in range(2):
        assert store.put("repeated", "a", {"n": 1}, version=version, expires=2_000_000_000)
        assert store.get("repeated", "a") == Item({"n": 1}, version + 1)
    assert not store.put("repeated", "a", {"n": 1}, version=1, expires=2_000_000_000)
