"""From market files to a chain and back: deploys, resumes, verifies.

from scripts.deploy import deploy
deployment = deploy(connect("http://127.0.0.1:8545"), folder=FOLDER)
deployment.vault, deployment["WETH"].token, deployment.feeds[1], deployment.markets
"""

from scripts.deploy.deployer import DeployError
from scripts.deploy.deployment import Asset, Deployment
from scripts.deploy.record import FOLDER, RecordError
from scripts.deploy.run import compare, deploy
from scripts.deploy.verifier import Difference

__all__ = ["FOLDER", "Asset", "DeployError", "Deployment", "Difference", "RecordError", "compare", "deploy"]
