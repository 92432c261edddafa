"""The tutorials as people write them by hand, in plain NumPy, every derivative typed in.

Here nothing is derived and nothing is imported from Glassnet: tests/examples compares the tutorials
with these weight for weight, and benchmarks/tutorials.py compares their speed.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_slope(a):
    """The slope of the sigmoid, from its own output a."""
    return a * (1 - a)


def one_neuron(x, y, weights, steps):
    """Tutorial a: every weight moves by error x input x slope."""
    weights = weights.copy()
    for _ in range(steps):
        output = sigmoid(np.dot(x, weights))
        weights += np.dot(x.T, (y - output) * sigmoid_slope(output))
    return weights


def last_layer_only(x, y, weights1, weights2, steps):
    """Tutorial a, second part: the first layer stays as it is."""
    weights2 = weights2.copy()
    for _ in range(steps):
        layer1 = sigmoid(np.dot(x, weights1))
        output = sigmoid(np.dot(layer1, weights2))
        weights2 += np.dot(layer1.T, (y - output) * sigmoid_slope(output))
    return weights2


class TwoLayers:
    """Tutorial b: two layers without biases, the sum of squares, learning rate 1."""

    def __init__(self, x, y, weights1, weights2):
        self.input, self.y = x, y
        self.weights1, self.weights2 = weights1.copy(), weights2.copy()
        self.losses = []

    def feedforward(self):
        self.layer1 = sigmoid(np.dot(self.input, self.weights1))
        self.output = sigmoid(np.dot(self.layer1, self.weights2))
        self.losses.append(np.sum((self.y - self.output) ** 2))

    def backprop(self):
        # The chain rule, from the loss back to each matrix of weights.
        d_weights2 = np.dot(self.layer1.T, 2 * (self.y - self.output) * sigmoid_slope(self.output))
        d_weights1 = np.dot(
            self.input.T,
            np.dot(2 * (self.y - self.output) * sigmoid_slope(self.output), self.weights2.T)
            * sigmoid_slope(self.layer1),
        )
        self.weights1 += d_weights1
        self.weights2 += d_weights2

    def train(self, steps):
        for _ in range(steps):
            self.feedforward()
            self.backprop()


def every_matrix(x, y, wh, bh, wout, bout, learning_rate, epochs):
    """Tutorial c: hidden layer and output layer with biases; gives back every matrix of a step."""
    wh, bh, wout, bout = wh.copy(), bh.copy(), wout.copy(), bout.copy()
    for _ in range(epochs):
        z1 = np.dot(x, wh) + bh
        a1 = sigmoid(z1)
        z2 = np.dot(a1, wout) + bout
        a2 = sigmoid(z2)
        error = y - a2
        d_output = error * sigmoid_slope(a2)
        error_at_hidden = np.dot(d_output, wout.T)
        d_hidden = error_at_hidden * sigmoid_slope(a1)
        dwout, dbout = np.dot(a1.T, d_output), np.sum(d_output, axis=0)
        dwh, dbh = np.dot(x.T, d_hidden), np.sum(d_hidden, axis=0)
        wout += dwout * learning_rate
        bout += dbout * learning_rate
        wh += dwh * learning_rate
        bh += dbh * learning_rate
    # By hand the error is y - a, so all of these point downhill: gradients with the sign changed.
    downhill = {"dz2": d_output, "dW2": dwout, "db2": dbout, "da1": error_at_hidden,
                "dz1": d_hidden, "dW1": dwh, "db1": dbh}  # fmt: skip
    return {"z1": z1, "a1": a1, "z2": z2, "a2": a2, "loss": np.sum(error**2) / 2,
            **{name: -value for name, value in downhill.items()},
            "W1": wh, "b1": bh, "W2": wout, "b2": bout}  # fmt: skip


class Classifier:
    """Tutorial d: ReLU, ReLU, one sigmoid neuron, cross-entropy, Adam, batches."""

    def __init__(self, weights, biases, learning_rate=0.001):
        self.weights = [w.copy() for w in weights]
        self.biases = [b.copy() for b in biases]
        self.learning_rate, self.t = learning_rate, 0
        self.m = [np.zeros_like(p) for p in self.weights + self.biases]
        self.v = [np.zeros_like(p) for p in self.weights + self.biases]

    def forward(self, x):
        self.layers = [x]
        for w, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            self.layers.append(np.maximum(np.dot(self.layers[-1], w) + b, 0))
        return sigmoid(np.dot(self.layers[-1], self.weights[-1]) + self.biases[-1])

    def backward(self, output, y):
        d = (output - y) / len(y)
        d_weights, d_biases = [], []
        for i in reversed(range(len(self.weights))):
            d_weights.insert(0, np.dot(self.layers[i].T, d))
            d_biases.insert(0, np.sum(d, axis=0))
            if i:
                d = np.dot(d, self.weights[i].T) * (self.layers[i] > 0)
        return d_weights + d_biases

    def adam(self, gradients, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.t += 1
        parameters = self.weights + self.biases
        for i, g in enumerate(gradients):
            self.m[i] = beta1 * self.m[i] + (1 - beta1) * g
            self.v[i] = beta2 * self.v[i] + (1 - beta2) * g**2
            m_hat = self.m[i] / (1 - beta1**self.t)
            v_hat = self.v[i] / (1 - beta2**self.t)
            parameters[i] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)

    def train(self, x, y, epochs, batch_size, orders):
        """One loss an epoch; `orders` gives the rows of each epoch in their order."""
        losses = []
        for epoch in range(epochs):
            order, total = orders(epoch), 0.0
            for first in range(0, len(x), batch_size):
                rows = order[first : first + batch_size]
                output = self.forward(x[rows])
                log = y[rows] * np.log(output) + (1 - y[rows]) * np.log(1 - output)
                total -= np.sum(log)
                self.adam(self.backward(output, y[rows]))
            losses.append(total / len(x))
        return losses
