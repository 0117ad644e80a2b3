"""Makes a tiny model of random weights that vLLM serves: `python tiny_model.py FOLDER`.

Nothing is downloaded: a Llama of two layers is drawn from a fixed seed. What it says is noise; how many tokens a text
has, and that a grammar is kept, is real. Weights are small, so that every next token that the grammar allows is about
equally probable. It runs under the interpreter of the vLLM environment, which has torch, tokenizers and transformers.
"""

import sys

import torch
from tiny_tokenizer import CHAT_TEMPLATE, END_OF_TEXT, END_OF_TURN, TURN, trained
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SEED = 0
CONTEXT = 32_768
"""Longest prompt and reply together, in tokens."""


def make_tokenizer() -> PreTrainedTokenizerFast:
    """The tokenizer, as transformers know it."""
    return PreTrainedTokenizerFast(
        tokenizer_object=trained(),
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
