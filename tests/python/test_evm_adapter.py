"""Both backends keep the same promises: each test runs on pyrevm and on Anvil."""

from __future__ import annotations

import pytest
from eth_keys import keys
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.errors import KeelError
from tests.helpers.evm import Backend, Contract, Reverted

pytestmark = pytest.mark.anvil

WRITE = {"type": "function", "name": "", "stateMutability": "nonpayable", "inputs": [], "outputs": []}
READ = {**WRITE, "stateMutability": "view"}
ECHO_ABI = [
    {
        "type": "error",
        "name": "Echo_Bad",
        "inputs": [{"name": "account", "type": "address"}, {"name": "by", "type": "int256"}],
    },
]


def runtime_deployer(runtime: str) -> str:
    """Creation code that deploys `runtime` as it is."""
    size = len(runtime) // 2
    return f"61{size:04x}600e60003961{size:04x}6000f3{runtime}"


# calldatacopy(0, 0, size); revert(0, size)
REVERT_WITH_CALLDATA = "365f5f37365ffd"
# calldatacopy(0, 4, size - 4); return(0, size - 4)
RETURN_ARGUMENTS = "6004360360045f37600436035ff3"
# tload, then tstore(0, 1), then return what was there before
FIRST_TRANSIENT = "5f5c60015f5d5f5260205ff3"


@pytest.fixture(params=["pyrevm", "anvil"])
def chain(request: pytest.FixtureRequest) -> Backend:
    return request.getfixturevalue("evm" if request.param == "pyrevm" else "anvil")


@pytest.fixture
def token(chain: Backend) -> Contract:
    return chain.deploy("MockERC20", "Dollar", "USD", 6)


def test_views_answer_with_decoded_values(chain: Backend, token: Contract) -> None:
    assert (token.name(), token.symbol(), token.decimals()) == ("Dollar", "USD", 6)
    assert token.balanceOf(chain.accounts[1]) == 0


def test_a_transaction_has_value_logs_and_effect(chain: Backend, token: Contract) -> None:
    giver, taker = chain.accounts[1], chain.accounts[2]
    token.mint(giver, 50)
    tx = token.transfer(taker, 20, sender=giver)
    assert tx.value is True
    assert tx.logs == [("Transfer", {"from": giver, "to": taker, "amount": 20})]
    assert tx.events("Transfer", token) == [{"from": giver, "to": taker, "amount": 20}]
    assert tx.events("Transfer", chain.accounts[9]) == []
    assert tx.gas_used > 21_000
    assert token.balanceOf(taker) == 20


def test_call_simulates(chain: Backend, token: Contract) -> None:
    token.mint(chain.accounts[1], 50)
    assert token.transfer.call(chain.accounts[2], 20, sender=chain.accounts[1]) is True
    assert token.balanceOf(chain.accounts[2]) == 0


def test_encode_gives_calldata(chain: Backend, token: Contract) -> None:
    calldata = token.transfer.encode(chain.accounts[2], 20)
    assert calldata[:4].hex() == "a9059cbb"
    assert calldata[-32:] == (20).to_bytes(32, "big")


def test_wrong_arguments_are_named(chain: Backend, token: Contract) -> None:
    with pytest.raises(
        TypeError, match=r"MockERC20\.transfer\(address,uint256\): uint256 amount cannot be -1"
    ):
        token.transfer(chain.accounts[1], -1)
    with pytest.raises(TypeError, match=r"1 arguments; expected 2: address to, uint256 amount"):
        token.transfer(chain.accounts[1])
    with pytest.raises(TypeError, match=r"MockERC20's constructor: 1 arguments; expected 3"):
        chain.deploy("MockERC20", "Dollar")
    with pytest.raises(AttributeError, match='no function "transfr"'):
        token.transfr(chain.accounts[1], 1)
    with pytest.raises(LookupError, match='no contract "MockERC21"'):
        chain.deploy("MockERC21")


def test_a_call_to_an_address_without_code_says_so(chain: Backend) -> None:
    nowhere = chain.at("MockERC20", "0x" + "ab" * 20)
    with pytest.raises(KeelError, match=r"no contract at 0x[aA][bB].*; expected MockERC20"):
        nowhere.decimals()


def test_native_tokens_travel_and_come_back(chain: Backend) -> None:
    weth = chain.deploy("MockWETH")
    user = chain.accounts[3]
    before = chain.balance(user)
    assert weth.deposit(sender=user, value=5).events("Deposit") == [{"dst": user, "wad": 5}]
    weth.withdraw(2, sender=user)
    assert (weth.balanceOf(user), chain.balance(weth), before - chain.balance(user)) == (3, 3, 3)


def test_a_failed_transaction_changes_nothing(chain: Backend, token: Contract) -> None:
    with pytest.raises(Reverted) as failure:
        token.transfer(chain.accounts[1], 1, sender=chain.accounts[2])
    assert (failure.value.name, failure.value.args, str(failure.value)) == (
        "InsufficientBalance",
        (),
        "InsufficientBalance()",
    )
    assert token.balanceOf(chain.accounts[1]) == 0


def reverting(chain: Backend) -> Contract:
    """A contract that reverts with its calldata; `abi` gives a function the selector of each error below."""
    errors = {
        "Echo_Bad": ["address", "int256"],
        "Error": ["string"],
        "Panic": ["uint256"],
    }
    functions = [
        {
            "type": "function",
            "name": name,
            "stateMutability": "nonpayable",
            "inputs": [{"type": kind, "name": ""} for kind in kinds],
            "outputs": [],
        }
        for name, kinds in errors.items()
    ]
    functions.append(
        {"type": "function", "name": "unknown", "stateMutability": "nonpayable", "inputs": [], "outputs": []}
    )
    return chain.deploy_raw(ECHO_ABI + functions, runtime_deployer(REVERT_WITH_CALLDATA))


def test_errors_are_decoded_with_their_arguments(chain: Backend) -> None:
    contract = reverting(chain)
    account = chain.accounts[4]
    with chain.reverts("Echo_Bad", account, -5) as caught:
        contract.Echo_Bad(account, -5)
    assert str(caught.error) == f"Echo_Bad({account}, -5)"
    with chain.reverts("Echo_Bad", None, -5):
        contract.Echo_Bad.call(account, -5)
    with chain.reverts("Echo_Bad"):
        contract.Echo_Bad(account, -5)
    with chain.reverts("Error", "far too long a reason to fit into a single word of thirty-two bytes"):
        contract.Error("far too long a reason to fit into a single word of thirty-two bytes")
    with chain.reverts("Panic", 0x11) as caught:
        contract.Panic(0x11)
    assert str(caught.error) == "Panic(17): overflow or underflow"
    with chain.reverts(f"0x{contract.unknown.encode().hex()}"):
        contract.unknown()
    with chain.reverts():
        contract.unknown()


def test_reverts_fails_unless_exactly_that_error_comes(chain: Backend, token: Contract) -> None:
    contract = reverting(chain)
    with pytest.raises(AssertionError, match=r"expected Echo_Bad\(any, 6\), got Echo_Bad\(.*, 5\)"):
        with chain.reverts("Echo_Bad", None, 6):
            contract.Echo_Bad(chain.accounts[0], 5)
    with pytest.raises(AssertionError, match=r"expected InsufficientAllowance, got InsufficientBalance\(\)"):
        with chain.reverts("InsufficientAllowance"):
            token.transfer(chain.accounts[1], 1)
    with pytest.raises(AssertionError, match="expected InsufficientBalance, but the call went through"):
        with chain.reverts("InsufficientBalance"):
            token.mint(chain.accounts[1], 1)
    with pytest.raises(AssertionError, match="no known contract declares the error InsuficientBalance"):
        with chain.reverts("InsuficientBalance"):
            token.transfer(chain.accounts[1], 1)
    with pytest.raises(ZeroDivisionError):
        with chain.reverts():
            _ = 1 // 0


def test_a_revert_without_data_and_an_exhausted_call_differ(chain: Backend, token: Contract) -> None:
    silent = chain.deploy_raw([{**WRITE, "name": "go"}], runtime_deployer("5f5ffd"))
    with chain.reverts(""):
        silent.go()
    with chain.reverts("Halt"):
        token.mint(chain.accounts[1], 5, gas=22_500)


def test_overloads_are_chosen_by_signature_or_count(chain: Backend) -> None:
    word = [{"type": "uint256", "name": "out"}]
    abi = [
        {**WRITE, "name": "f", "inputs": [{"type": "uint256", "name": "a"}], "outputs": word},
        {**WRITE, "name": "f", "inputs": [{"type": "int256", "name": "a"}], "outputs": word},
        {
            **WRITE,
            "name": "f",
            "inputs": [{"type": "uint256", "name": "a"}, {"type": "uint256", "name": "b"}],
            "outputs": word,
        },
    ]
    contract = chain.deploy_raw(abi, runtime_deployer(RETURN_ARGUMENTS))
    assert contract.f.call(7, 8) == 7
    assert contract.fn("f(int256)").call(-1) == 2**256 - 1
    with pytest.raises(TypeError, match=r"f with 1 arguments is not one of f\(uint256\), f\(int256\)"):
        contract.f(7)
    with pytest.raises(AttributeError, match='no function "f\\(bool\\)"'):
        contract.fn("f(bool)")


def test_structs_arrays_and_bytes_go_there_and_back(chain: Backend, token: Contract) -> None:
    leg = [{"type": "address", "name": "asset"}, {"type": "int128", "name": "amount"}]
    parameters = [
        {"type": "tuple[]", "name": "legs", "components": leg},
        {"type": "bytes32", "name": "id"},
        {"type": "bytes", "name": "data"},
        {"type": "uint8[2]", "name": "pair"},
    ]
    abi = [{**READ, "name": "same", "inputs": parameters, "outputs": parameters}]
    contract = chain.deploy_raw(abi, runtime_deployer(RETURN_ARGUMENTS))
    legs = [{"asset": token, "amount": -5}, (chain.accounts[1], 6)]
    result = contract.same(legs, "0x" + "11" * 32, b"abc", (1, 2))
    assert result == (
        [(token.address, -5), (chain.accounts[1], 6)],
        b"\x11" * 32,
        b"abc",
        [1, 2],
    )
    assert result.legs[0].amount == -5
    assert contract.same([], 5, "0xabcd", [1, 2]).id == (5).to_bytes(32, "big")
    with pytest.raises(TypeError, match="fields"):
        contract.same([{"asset": token}], 5, b"", [1, 2])


def test_transient_storage_ends_with_the_transaction(chain: Backend) -> None:
    abi = [{**WRITE, "name": "before", "outputs": [{"type": "uint256", "name": ""}]}]
    contract = chain.deploy_raw(abi, runtime_deployer(FIRST_TRANSIENT))
    assert [contract.before().value, contract.before().value, contract.before.call()] == [0, 0, 0]


def test_time_and_blocks_move(chain: Backend) -> None:
    time, number = chain.now, chain.block_number
    chain.warp(1000)
    assert (chain.now - time, chain.block_number - number) == (1000, 1)
    chain.mine(3)
    assert (chain.now - time, chain.block_number - number) == (1003, 4)


def test_contracts_see_the_time_that_the_adapter_tells(chain: Backend) -> None:
    abi = [{**READ, "name": "time", "outputs": [{"type": "uint256", "name": ""}]}]
    clock = chain.deploy_raw(abi, runtime_deployer("425f5260205ff3"))
    chain.warp(12_345)
    assert clock.time() == chain.now


def test_revert_restores_everything(chain: Backend, token: Contract) -> None:
    weth, user, nobody = chain.deploy("MockWETH"), chain.accounts[1], "0x" + "ab" * 20
    weth.deposit(value=5)
    token.mint(user, 1)

    def state() -> tuple[object, ...]:
        balances = tuple(chain.balance(account) for account in (user, nobody, weth))
        return (*balances, token.balanceOf(user), token.decimals(), chain.storage(token, 99), chain.now)

    before = state()
    snapshot = chain.snapshot()
    token.mint(user, 5)
    chain.warp(100)
    chain.set_balance(user, 7)
    chain.set_balance(nobody, 8)
    chain.set_balance(weth, 9)
    chain.set_storage(token, 99, 10)
    inner = chain.snapshot()
    chain.set_code(token, "602a5f5260205ff3")
    assert state()[:3] == (7, 8, 9)
    assert (token.decimals(), chain.storage(token, 99)) == (42, 10)
    chain.revert(inner)
    assert token.decimals() == 6
    chain.revert(snapshot)
    assert state() == before
    with pytest.raises(ValueError, match="each can be gone back to once"):
        chain.revert(snapshot)


def test_an_address_can_be_deployed_to_again_after_a_revert(chain: Backend) -> None:
    snapshot = chain.snapshot()
    first = chain.deploy("MockWETH")
    chain.set_code(first, "00")
    first.deposit(sender=first)
    chain.revert(snapshot)
    assert chain.code(first) == b""
    second = chain.deploy("MockWETH")
    assert second == first
    assert second.deposit(value=4).events("Deposit")[0]["wad"] == 4


def test_a_contract_can_be_the_sender(chain: Backend, token: Contract) -> None:
    weth = chain.deploy("MockWETH")
    code = chain.code(weth)
    chain.set_balance(weth, 10)
    token.mint(weth, 50)
    token.transfer(chain.accounts[1], 20, sender=weth)
    assert (token.balanceOf(weth), token.balanceOf(chain.accounts[1])) == (30, 20)
    # It is called back meanwhile, as a contract: withdraw pays out to it.
    other = chain.deploy("MockWETH")
    other.deposit(sender=weth, value=4)
    assert (chain.balance(weth), other.balanceOf(weth)) == (6, 4)
    other.withdraw(3, sender=weth)
    assert (chain.balance(weth), weth.balanceOf(other)) == (9, 3)
    with chain.reverts("InsufficientBalance"):
        token.transfer(chain.accounts[1], 31, sender=weth)
    assert chain.code(weth) == code
    assert weth.decimals() == 18


def test_accounts_own_their_keys(chain: Backend) -> None:
    assert len(chain.accounts) >= 20
    for address, key in zip(chain.accounts, chain.keys, strict=True):
        assert keys.PrivateKey(bytes.fromhex(key[2:])).public_key.to_checksum_address() == address
        assert chain.balance(address) >= 10**22


@given(st.lists(st.integers(0, 2**256 - 1), max_size=5), st.integers(-(2**255), 2**255 - 1), st.binary())
def test_any_value_survives(session_evm: Backend, words: list[int], number: int, data: bytes) -> None:
    parameters = [
        {"type": "uint256[]", "name": "words"},
        {"type": "int256", "name": "number"},
        {"type": "bytes", "name": "data"},
    ]
    abi = [{**READ, "name": "same", "inputs": parameters, "outputs": parameters}]
    with session_evm.isolation():
        contract = session_evm.deploy_raw(abi, runtime_deployer(RETURN_ARGUMENTS))
        assert contract.same(words, number, data) == (words, number, data)
