"""Makes a tiny model of random weights that a real server serves: `python tiny_model.py FOLDER`.

Nothing is downloaded: a Llama of two layers is drawn from a fixed seed, and its byte-level BPE is trained on this
repository's documents and contract. What it says is noise; how many tokens a text has, and that a grammar is kept,
is real. Weights are small, so that every next token that the grammar allows is about equally probable. It runs under
the interpreter of the vLLM environment, which has torch, tokenizers and transformers.
"""

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 0
CONTEXT = 32_768
"""Longest prompt and reply together, in tokens."""

VOCABULARY = 4_096
"""Tokens at most; English and JSON then have three to four characters a token."""

END_OF_TEXT, TURN, END_OF_TURN = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
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


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Train a byte-level BPE, which has a token for every byte and so can say any text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[END_OF_TEXT, TURN, END_OF_TURN],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts(), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TURN,
        pad_token=END_OF_TEXT,
        additional_special_tokens=[TURN],
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
    )


def make_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Draw the weights; two heads of 64, because vLLM's attention on a CPU knows a few head sizes only."""
    torch.manual_seed(SEED)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return LlamaForCausalLM(config).to(torch.bfloat16)


def main() -> None:
    """Write model and tokenizer into the folder that is named."""
    if len(sys.argv) != 2:
        sys.exit("error: tiny_model.py takes one argument, the folder that the model is written into")
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(sys.argv[1])
    make_model(tokenizer).save_pretrained(sys.argv[1])


if __name__ == "__main__":
    main()
