"""Data that follows a schema of the subset that ALSO uses, drawn at random."""

import random
from typing import Any

_WORDS = ("agents", "reach", "food", "alone", "together", "late", "never", "because", "reward", "is", "rare")


def conforming(schema: dict[str, Any], draw: random.Random) -> Any:
    """Data that follows a schema of the subset that ALSO uses: enums, bounded strings and arrays, anyOf, objects."""
    if "anyOf" in schema:
        return conforming(draw.choice(schema["anyOf"]), draw)
    if "enum" in schema:
        return draw.choice(schema["enum"])
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            return {name: conforming(part, draw) for name, part in schema.get("properties", {}).items()}
        case "array":
            count = draw.randint(schema.get("minItems", 0), schema["maxItems"])
            return [conforming(schema["items"], draw) for _ in range(count)]
        case "string":
            text = " ".join(draw.choice(_WORDS) for _ in range(draw.randint(1, 30)))
            return text[: schema["maxLength"]]
        case "boolean":
            return draw.random() < 0.5
        case "null":
            return None
        case other:
            raise ValueError(f"schema of type {other!r} is outside the subset")
