"""LSTM layers as the one operator that TensorFlow Lite has for all of their steps.

The converter makes it of a function that says that it is an LSTM (`api_implements`), whatever is in
it. Keras 2 traces such a function, Keras 3 a loop; here both do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygen.load import FloatModel
from tinygen.quantize.names import layers_of


def remembering_layers(loaded: FloatModel) -> list[Any]:
    """The layers of the model that become one operator each, which has memory, or have variables of
    their own."""
    every = layers_of(loaded)
    return [one for one in every if fused(one) is not None or getattr(one, "stateful", False)]


def remembers(loaded: FloatModel) -> bool:
    """Whether a layer goes on from where the inference before ended."""
    return any(getattr(layer, "stateful", False) for layer in layers_of(loaded))


def gives_what_it_assigns(loaded: FloatModel) -> bool:
    """Whether an output of the model may be what a layer leaves in a variable of its own."""
    if not any(getattr(one, "stateful", False) and fused(one) is None for one in layers_of(loaded)):
        return False
    outputs = getattr(getattr(loaded, "model", None), "outputs", None) or []
    histories = [getattr(output, "_keras_history", (None,)) for output in outputs]
    return any(history[0] is None or hasattr(history[0], "stateful") for history in histories)


_LOOPED = ("unroll", "_could_use_gpu_kernel")


def fused(layer: Any) -> Callable[..., Any] | None:
    """What such a layer computes instead; None for one that is no plain LSTM."""
    if type(layer).__name__ != "LSTM" or layer.unroll:
        return None
    own = layer.call

    def call(
        sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        if initial_state is not None or mask is not None:  # the operator has neither: step by step
            # Keras 2 chose at the start between this and a loop that a GPU has a kernel for.
            as_it_was = {name: getattr(layer, name) for name in _LOOPED if hasattr(layer, name)}
            vars(layer).update({name: name == "unroll" for name in as_it_was})
            try:
                return own(sequences, initial_state=initial_state, mask=mask, training=training)
            finally:
                vars(layer).update(as_it_was)
        return _outputs(layer, sequences)

    return call


def _outputs(layer: Any, sequences: Any) -> Any:
    import tensorflow

    cell = layer.cell
    units = layer.units
    bias = tensorflow.zeros(4 * units) if cell.bias is None else cell.bias
    weights = [tensorflow.convert_to_tensor(w) for w in (cell.kernel, cell.recurrent_kernel, bias)]
    zeros = tensorflow.zeros((1, units))
    attributes = {
        "api_implements": f"lstm_{layer.name}",
        "api_preferred_device": "CPU",
        "time_major": False,
        "go_backwards": bool(layer.go_backwards),
    }

    def lstm(
        inputs: Any, hidden: Any, memory: Any, kernel: Any, recurrent: Any, biases: Any
    ) -> tuple[Any, ...]:
        """Keras' equations; what is converted has only the arguments and the first two results."""
        rows = tensorflow.unstack(inputs, axis=1)
        made = []
        for row in reversed(rows) if layer.go_backwards else rows:
            summed = row @ kernel + hidden @ recurrent + biases
            let_in, kept, new, out = tensorflow.split(summed, 4, axis=1)
            new = tensorflow.sigmoid(let_in) * tensorflow.tanh(new)
            memory = tensorflow.sigmoid(kept) * memory + new
            hidden = tensorflow.sigmoid(out) * tensorflow.tanh(memory)
            made.append(hidden)
        return hidden, tensorflow.stack(made, axis=1), hidden, memory, tensorflow.constant(1.0)

    function = tensorflow.function(lstm, autograph=False, experimental_attributes=attributes)
    last, every, *_ = function(sequences, zeros, zeros, *weights)
    return every if layer.return_sequences else last
