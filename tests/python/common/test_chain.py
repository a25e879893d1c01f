"""scripts/common/chain.py on an Anvil: by the node's accounts, by a key, one at a time and many at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from scripts.artifacts import ArtifactStore
from scripts.common.accounts import NO_ACCOUNT
from scripts.common.chain import Chain, WrongChain, connect
from scripts.common.contract import Reverted
from scripts.common.errors import KeelError, run_script
from scripts.common.rpc import ChainTimeout, RpcError
from tests.helpers.evm import AnvilBackend, Contract

pytestmark = pytest.mark.anvil


@pytest.fixture(autouse=True)
def no_account_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEEL_PRIVATE_KEY", "KEEL_ACCOUNT", "KEEL_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def chain(anvil: AnvilBackend) -> Iterator[Chain]:
    chain = connect(anvil.url, chain_id=31337)
    yield chain
    chain.close()


@pytest.fixture
def signing(anvil: AnvilBackend) -> Iterator[Chain]:
    """The same chain for somebody with a key, whom the node does not know."""
    signer = Account.create()
    anvil.set_balance(signer.address, 10**20)
    chain = connect(anvil.url, account=signer)
    yield chain
    chain.close()


@pytest.fixture(params=["held", "signed"])
def either(request: pytest.FixtureRequest) -> Chain:
    return request.getfixturevalue("chain" if request.param == "held" else "signing")


def new_token(chain: Chain) -> Contract:
    return chain.deploy("MockERC20", "USD Coin", "USDC", 6)


def test_the_wrong_chain_is_refused(anvil: AnvilBackend) -> None:
    with pytest.raises(WrongChain, match=r"http://127.0.0.1:\d+ is chain 31337; expected chain 1$"):
        connect(anvil.url, chain_id=1)


def test_deploys_sends_and_reads(either: Chain) -> None:
    token = new_token(either)
    receiver = either.accounts[-1]
    tx = token.mint(receiver, 5)
    assert token.balanceOf(receiver) == 5
    assert tx.events("Transfer", token) == [
        {"from": "0x" + "0" * 40, "to": receiver, "amount": 5},
    ]
    assert 21_000 < tx.gas_used < 100_000
    assert tx.block_number == either.block_number
    assert token.approve(receiver, 7).value is True
    assert token.allowance(either.account, receiver) == 7


def test_the_environments_key_is_the_default_sender(
    anvil: AnvilBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = Account.create()
    monkeypatch.setenv("KEEL_PRIVATE_KEY", signer.key.hex())
    chain = connect(anvil.url)
    assert chain.account == signer.address
    assert anvil.accounts[0] in chain.accounts


def test_custom_errors_become_sentences(either: Chain) -> None:
    adapter = either.deploy("MockSwapAdapter")
    token = new_token(either)
    adapter.setPrice(token, token, 10**18)
    expected = r"^MockSwapAdapter.swapExactIn reverted: SwapAdapter_OutputTooSmall\(amountOut 5, minOut 6\)$"
    with pytest.raises(Reverted, match=expected) as caught:
        adapter.swapExactIn(token, token, 5, 6, b"")
    assert (caught.value.name, caught.value.args) == ("SwapAdapter_OutputTooSmall", (5, 6))
    with pytest.raises(Reverted, match=expected):
        adapter.swapExactIn.call(token, token, 5, 6, b"")
    with pytest.raises(Reverted, match=r"^MockSwapAdapter.swapExactIn reverted: Panic\(0x11\): overflow"):
        adapter.swapExactIn(token, token, 2**255, 0, b"")


def test_a_reverting_constructor_is_explained(either: Chain) -> None:
    with pytest.raises(Reverted, match=r"^FeeOnTransferToken's constructor reverted: .*AboveOne"):
        either.deploy("FeeOnTransferToken", "Taxed", "TAX", 18, 2 * 10**18)


def test_out_of_gas_is_explained(either: Chain) -> None:
    token = new_token(either)
    with pytest.raises(Reverted, match=r"MockERC20.mint reverted: Halt\(.*[Gg]as"):
        token.mint(either.accounts[-1], 5, gas=30_000)


def test_many_are_sent_and_read_together(chain: Chain) -> None:
    token = new_token(chain)
    txs = chain.send_all([token.mint.prepare(to, 3, sender=to) for to in chain.accounts])
    blocks = chain.block_number
    together = chain.send_all([token.mint.prepare(to, 4) for to in chain.accounts], one_block=True)
    assert {tx.block_number for tx in together} == {blocks + 1}
    assert [tx.events("Transfer")[0]["to"] for tx in txs + together] == chain.accounts * 2
    assert {tx.events("Transfer")[0]["amount"] for tx in together} == {4}
    assert chain.read_all([token.balanceOf.prepare(to) for to in chain.accounts]) == [7] * len(chain.accounts)
    # Anvil mines each transaction by itself again.
    assert token.mint(chain.account, 1).block_number == chain.block_number


def test_of_many_the_first_failure_is_told_after_all_were_sent(chain: Chain) -> None:
    token = new_token(chain)
    someone, other = chain.accounts[1], chain.accounts[2]
    calls = [
        token.mint.prepare(someone, 3),
        token.transfer.prepare(other, 5, sender=someone),
        token.mint.prepare(other, 3),
    ]
    with pytest.raises(Reverted, match=r"^MockERC20.transfer reverted: InsufficientBalance\(\)$"):
        chain.send_all(calls)
    assert (token.balanceOf(someone), token.balanceOf(other)) == (3, 3)
    answers = chain.read_all(calls[:2], allow_revert=True)
    assert answers[0] is None
    assert isinstance(answers[1], Reverted)
    with pytest.raises(Reverted, match=r"MockERC20.transfer reverted"):
        chain.read_all(calls)


def test_signers_cannot_send_together(signing: Chain) -> None:
    token = new_token(signing)
    message = f"cannot send together from {signing.account}: the node does not hold"
    with pytest.raises(KeelError, match=message):
        signing.send_all([token.mint.prepare(signing.account, 1)])


def test_without_an_account_one_can_read_but_not_send(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    token = new_token(chain)
    monkeypatch.setattr(chain._sender, "_held", [])
    reader = chain.at("MockERC20", token.address)
    assert reader.symbol() == "USDC"
    for send in (lambda: reader.mint(token, 1), lambda: chain.account):
        with pytest.raises(KeelError) as caught:
            send()
        assert str(caught.value) == NO_ACCOUNT


def test_a_sender_without_key_is_refused(signing: Chain) -> None:
    token = new_token(signing)
    stranger = Account.create().address
    with pytest.raises(KeelError, match=f"cannot send from {stranger}: neither the node nor the environment"):
        token.mint(stranger, 1, sender=stranger)
    with pytest.raises(KeelError, match='"deployer" is no address'):
        token.mint(stranger, 1, sender="deployer")


def test_contracts_that_are_not_there(chain: Chain) -> None:
    with pytest.raises(KeelError, match=f"no contract at {chain.account}; expected MockERC20"):
        chain.at("MockERC20", chain.account).symbol()
    with pytest.raises(KeelError, match='no contract "NoSuchThing"'):
        chain.deploy("NoSuchThing")
    with pytest.raises(KeelError, match='no contract "NoSuchThing"'):
        chain.at("NoSuchThing", chain.account)


def test_a_transaction_that_is_never_mined_is_given_up(anvil: AnvilBackend) -> None:
    signer = Account.create()
    anvil.set_balance(signer.address, 10**20)
    chain = connect(anvil.url, account=signer, receipt_seconds=0.2)
    token = new_token(chain)
    chain.rpc("evm_setAutomine", False)
    try:
        message = r"transaction 0x\w{64} is in no block after 0.2 s; it may still be"
        with pytest.raises(ChainTimeout, match=message):
            token.mint(chain.account, 1)
    finally:
        chain.rpc("evm_setAutomine", True)
        chain.rpc("anvil_dropAllTransactions")


def test_nodes_that_do_not_trace_call_again(signing: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    token = new_token(signing)
    receiver = signing.account
    actual = type(signing.rpc).__call__

    def without_traces(rpc: Any, method: str, *params: Any) -> Any:
        if method == "debug_traceTransaction":
            raise RpcError(method, {"code": -32601, "message": "no such method"})
        return actual(rpc, method, *params)

    monkeypatch.setattr(type(signing.rpc), "__call__", without_traces)
    tx = token.mint(receiver, 1)
    with pytest.raises(KeelError, match=r"does not tell what transaction 0x\w+ returned .*read its events"):
        token.approve(receiver, 1).value  # noqa: B018
    assert tx.events("Transfer")[0]["to"] == receiver
    with pytest.raises(Reverted, match=r"^MockERC20.transfer reverted: InsufficientBalance\(\)$"):
        token.transfer(receiver, 5, gas=100_000)


def test_time_and_balances_of_a_local_chain(chain: Chain) -> None:
    before = chain.now
    chain.warp(1_000)
    assert chain.now == before + 1_000
    chain.set_next_time(before + 5_000)
    new_token(chain)
    assert chain.now == before + 5_000
    chain.set_balance(chain.accounts[1], 5)
    assert chain.balance(chain.accounts[1]) == 5


def test_without_a_build_reverts_show_their_selector(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    token = new_token(chain)
    monkeypatch.setattr("scripts.common.chain.artifacts", lambda: ArtifactStore([Path("/nonexistent")]))
    chain.__dict__.pop("dictionary", None)
    with pytest.raises(Reverted, match=r"MockERC20.transfer reverted: 0xf4d678b8"):
        token.transfer(chain.account, 5)


def test_scripts_end_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise KeelError("nothing\n works", exit_code=3)

    assert run_script("deploy", fail) == 3
    assert capsys.readouterr().err == "keel deploy: nothing works\n"
    assert run_script("deploy", lambda: None) == 0
    with pytest.raises(ZeroDivisionError):
        run_script("deploy", lambda: 1 // 0)


def test_importing_it_is_quick() -> None:
    """A command line that waits a second for web3 before it says that the address is wrong is a nuisance."""
    code = "import sys, scripts.common.chain; sys.exit('web3' in sys.modules or 'brownie' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_calls_are_simulated_one_after_another_and_change_nothing(chain: Chain) -> None:
    token = new_token(chain)
    giver, taker = chain.accounts[:2]
    calls = [
        token.mint.prepare(giver, 5),
        token.transfer.prepare(taker, 3, sender=giver),
        token.balanceOf.prepare(taker),
    ]
    results = chain.simulate_all(calls)
    assert results[1].value is True and results[2].value == 3
    assert results[1].gas_used > 21_000
    assert token.balanceOf(taker) == 0


def test_the_first_simulated_call_that_fails_is_named(chain: Chain) -> None:
    token = new_token(chain)
    calls = [token.mint.prepare(chain.account, 5), token.transfer.prepare(chain.accounts[1], 6)]
    with pytest.raises(Reverted, match=r"MockERC20.transfer reverted: InsufficientBalance"):
        chain.simulate_all(calls)


def test_who_only_reads_opens_no_account(anvil: AnvilBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEEL_PRIVATE_KEY", "no key")
    assert connect(anvil.url, signs=False).chain_id == 31337
    with pytest.raises(KeelError, match="KEEL_PRIVATE_KEY is no private key"):
        connect(anvil.url)
