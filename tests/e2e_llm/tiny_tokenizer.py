"""The tokenizer of the tiny models: a byte-level BPE that is trained on this repository's documents and contract.

It has a token for every byte, and so can say any text; English and JSON have three to four characters a token. It runs
under the interpreter of a server's environment.
"""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

ROOT = Path(__file__).resolve().parent.parent.parent
VOCABULARY = 4_096
"""Tokens at most."""

END_OF_TEXT, TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = [END_OF_TEXT, TURN, END_OF_TURN]
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    + (TURN + "{{ message['role'] }}\n{{ message['content'] }}" + END_OF_TURN + "\n")
    + "{% endfor %}"
    + ("{% if add_generation_prompt %}" + TURN + "assistant\n{% endif %}")
)


def texts() -> list[str]:
    """What the repository says about itself, in an order that does not depend on the file system."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "proto").rglob("*.proto")]
    return [path.read_text(encoding="utf-8") for path in sorted(paths)]


def trained() -> Tokenizer:
    """Train it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=SPECIAL,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return tokenizer
