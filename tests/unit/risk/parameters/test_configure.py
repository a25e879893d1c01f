"""RiskParameters.configure: several changes, one book."""

from tests.helpers.risk_parameters import DAY, STRANGER, Stage, domain, shocks


def test_publishes_once(evm, stage, parameters):
    tx = parameters.configure(
        [
            parameters.setShocks.encode(1, shocks(maintenance_down=130_000), DAY),
            parameters.setAsset.encode(1, stage.asset(unwinding=4_000), 0),
            parameters.setDomain.encode(domain(min_debt=600), DAY),
        ]
    )
    assert len(tx.events("BookPublished")) == 1
    assert parameters.shocksTarget(1).maintenanceDownPpm == 130_000
    assert stage.engine.book() == tx.events("BookPublished")[0]["newBook"]


def test_setters_after_it_publish_again(stage, parameters):
    parameters.configure([parameters.setDomain.encode(domain(), 0)])
    assert len(parameters.setDomain(domain(), 0).events("BookPublished")) == 1


def test_one_inside_another_publishes_at_the_end(evm, stage, parameters):
    inner = parameters.configure.encode([parameters.setAsset.encode(1, stage.asset(unwinding=4_000), 0)])
    parameters.configure([inner, parameters.setAsset.encode(1, stage.asset(unwinding=3_000), 0)])
    assert parameters.asset(1).unwindingPpm == 3_000


def test_errors_come_through_and_nothing_stays(evm, stage, parameters):
    good = parameters.setAsset.encode(1, stage.asset(unwinding=4_000), 0)
    bad = parameters.setShocks.encode(7, shocks(), 0)
    with evm.reverts("RiskParameters_UnknownUnderlying", 7):
        parameters.configure([good, bad])
    assert parameters.asset(1).unwindingPpm == 5_000


def test_only_the_owner(evm, parameters):
    with evm.reverts("OwnableUnauthorizedAccount"):
        parameters.configure([], sender=evm.accounts[STRANGER])


def test_nothing_is_published_without_a_domain(evm):
    stage = Stage(evm, with_domain=False)
    with evm.reverts("RiskParameters_NoDomain"):
        stage.parameters.configure([stage.parameters.addUnderlying.encode(stage.feed_tuples[1], shocks())])
