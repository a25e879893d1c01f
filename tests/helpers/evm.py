"""One way to talk to contracts, two chains beneath: pyrevm in this process, and Anvil.

    evm = PyrevmBackend()                       # or AnvilBackend(); the fixtures `evm` and `anvil` give one
    token = evm.deploy("MockERC20", "Dollar", "USD", 6)
    tx = token.mint(evm.accounts[1], 5 * 10**6, sender=evm.accounts[0])
    tx.value, tx.logs, tx.events("Transfer", token), tx.gas_used
    assert token.balanceOf(evm.accounts[1]) == 5 * 10**6
    assert token.transfer.call(evm.accounts[2], 1, sender=evm.accounts[1]) is True     # changes nothing
    with evm.reverts("InsufficientBalance"):    # or with arguments, None matching anything
        token.transfer(evm.accounts[1], 1, sender=evm.accounts[2])

Senders may be contracts too. On pyrevm all transactions fall in one block until `mine` or `warp`; on Anvil
each has its own block, one second after the one before. Views see the latest block's number and time on both.
Gas figures are true on Anvil only.
"""

from scripts.common.contract import Contract, Tx
from tests.helpers.anvil_backend import AnvilBackend
from tests.helpers.backend import Backend
from tests.helpers.expect import Reverted
from tests.helpers.pyrevm_backend import PyrevmBackend

__all__ = ["AnvilBackend", "Backend", "Contract", "PyrevmBackend", "Reverted", "Tx"]
