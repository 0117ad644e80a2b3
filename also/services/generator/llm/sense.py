"""What a config's new terms would pay for that nobody can want: found before branches are paid for.

The card says which way along a feature success lies. A term that pays for the other way teaches the team to stay away
from it. Two terms of one shape are one term with another weight, and show that a model has repeated itself.
"""

from collections import Counter
from collections.abc import Iterator

from also import enums
from also.shaping.rules import feature_of
from also.shaping.shape import shape
from also.shaping.ways import pays_wrong_way
from also.v1 import shaping_pb2 as pb
from also.v1 import task_pb2
from also.v1.task_pb2 import TaskCard


def senseless(config: pb.ShapingConfig, incumbent: pb.ShapingConfig, card: TaskCard) -> Iterator[str]:
    """Why a config makes no sense, half a sentence for each reason.

    Args:
        config: valid on the card.
        incumbent: the config that it changes; what it keeps of it was judged when it was new.
        card: the task's card.
    """
    kept = {term.name for term in incumbent.terms}
    for term in config.terms:
        if term.name not in kept and pays_wrong_way(term, card):
            yield _wrong_way(term, card)
    shapes = Counter(shape(term) for term in config.terms if term.name not in kept)
    for twice in (each for each, count in shapes.items() if count > 1):
        form, _, _, feature, *_ = twice
        yield (
            f"it has the same {enums.short_name(pb.ShapingForm.DESCRIPTOR, form)} of {feature} twice; one term, or two "
            "that differ in more than a number, are allowed"
        )


def _wrong_way(term: pb.ShapingTerm, card: TaskCard) -> str:
    """That a term pays for moving away from success."""
    higher = feature_of(card, term.feature).direction == task_pb2.DIRECTION_HIGHER
    form = enums.short_name(pb.ShapingForm.DESCRIPTOR, term.form)
    wanted, paid = ("higher", "lower") if higher else ("lower", "higher")
    transform = enums.short_name(pb.TransformKind.DESCRIPTOR, term.transform.kind or pb.TRANSFORM_KIND_IDENTITY)
    return (
        f"its {form} of {term.feature} with transform {transform} pays for {paid} values, and the card says that "
        f"{wanted} ones are nearer to success"
    )
