"""parcels refused at the door, and what of a line came up from the queue"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.add_column(sa.Column("refused", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index("orders_identity", ["identity"], unique=False)
    with op.batch_alter_table("lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("promoted", sa.BigInteger(), server_default="0", nullable=False))
