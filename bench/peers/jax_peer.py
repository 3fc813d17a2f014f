"""JAX: the benchmark's networks as jitted steps, images as NHWC. Speaks the protocol of serve.js."""
import json, math, os, resource, sys, time

if "--threads" in sys.argv:
    threads = int(sys.argv[sys.argv.index("--threads") + 1])
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax, random


class Init:
    """Makes parameters in PyTorch's way: U(-k, k), k = 1/sqrt(inputs)."""

    def __init__(self, seed=0):
        self.key = random.PRNGKey(seed)

    def uniform(self, shape, bound):
        self.key, key = random.split(self.key)
        return random.uniform(key, shape, minval=-bound, maxval=bound)

    def normal(self, shape, std):
        self.key, key = random.split(self.key)
        return std * random.normal(key, shape)

    def linear(self, inputs, outputs, bias=True):
        k = 1 / math.sqrt(inputs)
        return {"w": self.uniform((inputs, outputs), k), **({"b": self.uniform((outputs,), k)} if bias else {})}

    def conv(self, inputs, outputs, kernel, bias=True):
        k = 1 / math.sqrt(inputs * kernel * kernel)
        return {"w": self.uniform((kernel, kernel, inputs, outputs), k), **({"b": self.uniform((outputs,), k)} if bias else {})}

    def norm(self, size):
        return {"w": jnp.ones(size), "b": jnp.zeros(size)}


def linear(p, x):
    y = x @ p["w"]
    return y + p["b"] if "b" in p else y


def conv(p, x, stride=1, padding=0):
    y = lax.conv_general_dilated(x, p["w"], (stride, stride), [(padding, padding)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return y + p["b"] if "b" in p else y


def conv_transpose(p, x, stride, padding):
    k = p["w"].shape[0]
    return lax.conv_general_dilated(x, p["w"], (1, 1), [(k - 1 - padding,) * 2] * 2, lhs_dilation=(stride, stride), dimension_numbers=("NHWC", "HWIO", "NHWC"))


def standardize(x, axes, eps=1e-5):
    mean = x.mean(axes, keepdims=True)
    return (x - mean) * lax.rsqrt(jnp.square(x - mean).mean(axes, keepdims=True) + eps)


def layer_norm(p, x):
    return standardize(x, -1) * p["w"] + p["b"]


def group_norm(p, x):
    b, h, w, c = x.shape
    groups = next((n for n in (32, 16, 8, 4, 2) if c % n == 0 and c // n >= 4), 1)
    return standardize(x.reshape(b, h, w, groups, c // groups), (1, 2, 4)).reshape(x.shape) * p["w"] + p["b"]


def batch_norm(p, x):
    return standardize(x, (0, 1, 2)) * p["w"] + p["b"]


def sum_bce(logits, x):
    return (jax.nn.softplus(logits) - x * logits).sum() / len(x)


def vae(size):
    init, h, z, d = Init(), size["hidden"], size["latent"], size["side"] ** 2
    params = {"hidden": init.linear(d, h), "mean": init.linear(h, z), "log_variance": init.linear(h, z), "expand": init.linear(z, h), "output": init.linear(h, d)}

    def loss(p, x, key):
        k1, k2 = random.split(key)
        x = random.bernoulli(k1, x).astype(jnp.float32).reshape(len(x), -1)
        e = jax.nn.relu(linear(p["hidden"], x))
        mean, lv = linear(p["mean"], e), linear(p["log_variance"], e)
        code = mean + jnp.exp(0.5 * lv) * random.normal(k2, mean.shape)
        kl = -0.5 * (1 + lv - mean**2 - jnp.exp(lv)).sum() / len(x)
        return sum_bce(linear(p["output"], jax.nn.relu(linear(p["expand"], code))), x) + kl

    return params, loss, (size["side"], size["side"], 1), {}


def gpt(size):
    init, c, t, heads = Init(), size["width"], size["positions"], size["heads"]
    block = lambda: {"ln_1": init.norm(c), "attn": init.linear(c, 3 * c), "out": init.linear(c, c), "ln_2": init.norm(c), "fc": init.linear(c, 4 * c), "proj": init.linear(4 * c, c)}
    params = {"wte": init.normal((size["vocabulary"], c), 0.02), "wpe": init.normal((t, c), 0.02), "h": [block() for _ in range(size["layers"])], "ln_f": init.norm(c)}
    mask = jnp.tril(jnp.ones((t, t), bool))

    def attention(p, x):
        b = len(x)
        q, k, v = (y.reshape(b, t, heads, c // heads).transpose(0, 2, 1, 3) for y in jnp.split(linear(p["attn"], x), 3, -1))
        scores = jnp.where(mask, (q @ k.swapaxes(-1, -2)) / math.sqrt(c // heads), -jnp.inf)
        return linear(p["out"], (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(b, t, c))

    def loss(p, tokens, _):
        x = p["wte"][tokens[:, :-1]] + p["wpe"]
        for layer in p["h"]:
            x = x + attention(layer, layer_norm(layer["ln_1"], x))
            x = x + linear(layer["proj"], jax.nn.gelu(linear(layer["fc"], layer_norm(layer["ln_2"], x)), approximate=False))
        logits = jax.nn.log_softmax(layer_norm(p["ln_f"], x) @ p["wte"].T)
        return -jnp.take_along_axis(logits, tokens[:, 1:, None], -1).mean()

    return params, loss, (t + 1,), {"classes": size["vocabulary"], "rate": 1e-3, "decay": 0.1, "beta2": 0.99, "clip": 1.0}


def pixelcnn(size):
    init, width = Init(), size["width"]
    params = {"first": init.conv(1, width, 7), "rest": [init.conv(width, width, 3) for _ in range(size["layers"] - 1)], "head": init.conv(width, 1, 1)}

    def masked(p, x, include):
        k = p["w"].shape[0]
        mask = (np.arange(k * k) < k * k // 2 + include).reshape(k, k, 1, 1).astype(np.float32)
        return jax.nn.relu(conv({**p, "w": p["w"] * mask}, x, padding=k // 2))

    def loss(p, x, key):
        x = random.bernoulli(key, x).astype(jnp.float32)
        h = masked(p["first"], x, 0)
        for layer in p["rest"]:
            h = masked(layer, h, 1)
        return sum_bce(conv(p["head"], h), x)

    return params, loss, (size["side"], size["side"], 1), {}


def unet(size):
    init, width, channels = Init(), size["width"], size["channels"]
    multipliers, blocks, attention_at, inner = size["multipliers"], size["blocks"], size["attention"], 4 * size["width"]

    def residual(i, o):
        return {"norm1": init.norm(i), "conv1": init.conv(i, o, 3), "condition": init.linear(inner, o), "norm2": init.norm(o), "conv2": init.conv(o, o, 3), **({} if i == o else {"shortcut": init.conv(i, o, 1)})}

    def attention(c):
        return {"norm": init.norm(c), "qkv": init.conv(c, 3 * c, 1), "out": init.conv(c, c, 1)}

    def stage(widths, level, resize):
        attends = {"attention": [attention(o) for _, o in widths]} if 2**level == attention_at else {}
        return {"blocks": [residual(i, o) for i, o in widths], **attends, **({"resize": init.conv(at, at, 3)} if resize else {})}

    skips, at, last = [width], width, len(multipliers) - 1
    params = {"hidden": init.linear(width, inner), "condition": init.linear(inner, inner), "input": init.conv(channels, width, 3), "down": [], "up": []}
    for level, m in enumerate(multipliers):
        widths = []
        for _ in range(blocks):
            widths.append((at, m * width))
            at = m * width
            skips.append(at)
        if level != last:
            skips.append(at)
        params["down"].append(stage(widths, level, level != last))
    params["middle"] = [residual(at, at), attention(at), residual(at, at)]
    for level, m in reversed(list(enumerate(multipliers))):
        widths = []
        for _ in range(blocks + 1):
            widths.append((at + skips.pop(), m * width))
            at = m * width
        params["up"].append(stage(widths, level, level > 0))
    params["norm"], params["output"] = init.norm(at), init.conv(at, channels, 3)

    def res(p, x, condition):
        h = conv(p["conv1"], jax.nn.silu(group_norm(p["norm1"], x)), padding=1) + linear(p["condition"], jax.nn.silu(condition))[:, None, None]
        return conv(p["conv2"], jax.nn.silu(group_norm(p["norm2"], h)), padding=1) + (conv(p["shortcut"], x) if "shortcut" in p else x)

    def attend(p, x):
        b, h, w, c = x.shape
        q, k, v = jnp.split(conv(p["qkv"], group_norm(p["norm"], x)).reshape(b, h * w, 3 * c), 3, -1)
        return x + conv(p["out"], (jax.nn.softmax(q @ k.swapaxes(1, 2) * c**-0.5) @ v).reshape(x.shape))

    def block(stage, i, h, condition):
        h = res(stage["blocks"][i], h, condition)
        return attend(stage["attention"][i], h) if "attention" in stage else h

    product = jnp.cumprod(1 - jnp.linspace(1e-4, 0.02, 1000))

    def forward(p, x, t):
        angles = t[:, None] * jnp.exp(jnp.arange(width // 2) * (-math.log(10000) / (width / 2 - 1)))
        condition = linear(p["condition"], jax.nn.silu(linear(p["hidden"], jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1))))
        h = conv(p["input"], x, padding=1)
        skips = [h]
        for stage in p["down"]:
            for i in range(len(stage["blocks"])):
                h = block(stage, i, h, condition)
                skips.append(h)
            if "resize" in stage:
                h = conv(stage["resize"], h, stride=2, padding=1)
                skips.append(h)
        m = p["middle"]
        h = res(m[2], attend(m[1], res(m[0], h, condition)), condition)
        for stage in p["up"]:
            for i in range(len(stage["blocks"])):
                h = block(stage, i, jnp.concatenate([h, skips.pop()], -1), condition)
            if "resize" in stage:
                h = conv(stage["resize"], h.repeat(2, 1).repeat(2, 2), padding=1)
        return conv(p["output"], jax.nn.silu(group_norm(p["norm"], h)), padding=1)

    def loss(p, x, key):
        k1, k2 = random.split(key)
        t = random.randint(k1, (len(x),), 0, 1000)
        epsilon = random.normal(k2, x.shape)
        signal = product[t][:, None, None, None]
        return jnp.square(forward(p, (2 * x - 1) * jnp.sqrt(signal) + epsilon * jnp.sqrt(1 - signal), t.astype(jnp.float32)) - epsilon).mean()

    return params, loss, (size["side"], size["side"], channels), {"rate": 1e-3, "clip": 1.0}


def adam(params, rate=1e-3, beta1=0.9, beta2=0.999, decay=0.0, clip=None, **_):
    """The state, and a function (gradients, parameters, state) → (parameters, state)."""
    zeros = lambda: jax.tree.map(jnp.zeros_like, params)
    state = {"m": zeros(), "v": zeros(), "t": jnp.zeros((), jnp.int32)}

    def update(g, p, s):
        if clip is not None:
            norm = jnp.sqrt(sum(jnp.square(x).sum() for x in jax.tree.leaves(g)))
            g = jax.tree.map(lambda x: x * jnp.minimum(1, clip / (norm + 1e-6)), g)
        t = s["t"] + 1
        m = jax.tree.map(lambda a, b: beta1 * a + (1 - beta1) * b, s["m"], g)
        v = jax.tree.map(lambda a, b: beta2 * a + (1 - beta2) * b * b, s["v"], g)
        step = lambda p, m, v: p * (1 - rate * decay) - rate * (m / (1 - beta1**t)) / (jnp.sqrt(v / (1 - beta2**t)) + 1e-8)
        return jax.tree.map(step, p, m, v), {"m": m, "v": v, "t": t}

    return state, update


def batches(item, batch, classes=None, **_):
    """Batches of a small made-up data set of bytes, gathered anew each step."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, classes or 256, (4096, *item), dtype=np.uint8)

    def next_batch():
        rows = values[rng.integers(0, len(values), batch)]
        return rows.astype(np.float32) / 255 if classes is None else rows.astype(np.int32)

    return next_batch


def dcgan(size):
    init, w, channels, batch = Init(), size["width"], size["channels"], size["batch"]
    c = lambda i, o: init.conv(i, o, 4, bias=False)
    generator = {"project": c(size["latent"], 4 * w), "up": [c(4 * w, 2 * w), c(2 * w, w), c(w, channels)], "bn": [init.norm(4 * w), init.norm(2 * w), init.norm(w)]}
    critic = {"down": [c(channels, w), c(w, 2 * w), c(2 * w, 4 * w)], "bn": [init.norm(2 * w), init.norm(4 * w)], "judge": c(4 * w, 1)}
    leaky = lambda x: jax.nn.leaky_relu(x, 0.2)

    def dream(p, key):
        h = jax.nn.relu(batch_norm(p["bn"][0], conv_transpose(p["project"], random.normal(key, (batch, 1, 1, size["latent"])), 1, 0)))
        for up, bn in zip(p["up"][:2], p["bn"][1:]):
            h = jax.nn.relu(batch_norm(bn, conv_transpose(up, h, 2, 1)))
        return jnp.tanh(conv_transpose(p["up"][2], h, 2, 1))

    def judge(p, x):
        h = leaky(conv(p["down"][0], x, 2, 1))
        for down, bn in zip(p["down"][1:], p["bn"]):
            h = leaky(batch_norm(bn, conv(down, h, 2, 1)))
        return conv(p["judge"], h)

    states, updates = zip(*(adam(p, rate=2e-4, beta1=0.5) for p in (critic, generator)))

    @jax.jit
    def step(both, states, x, key):
        k1, k2 = random.split(key)
        p, g = both
        critic_loss = lambda p: jax.nn.softplus(-judge(p, 2 * x - 1)).mean() + jax.nn.softplus(judge(p, lax.stop_gradient(dream(g, k1)))).mean()
        grads = jax.grad(critic_loss)(p)
        p, s1 = updates[0](grads, p, states[0])
        loss, grads = jax.value_and_grad(lambda g: jax.nn.softplus(-judge(p, dream(g, k2))).mean())(g)
        g, s2 = updates[1](grads, g, states[1])
        return loss, (p, g), (s1, s2)

    return (critic, generator), states, step, batches((size["side"], size["side"], channels), batch)


def training(size):
    if size["net"] == "dcgan":
        return dcgan(size)
    params, loss, item, options = {"vae": vae, "gpt": gpt, "pixelcnn": pixelcnn, "unet": unet}[size["net"]](size)
    state, update = adam(params, **options)

    @jax.jit
    def step(p, s, x, key):
        value, g = jax.value_and_grad(loss)(p, x, key)
        p, s = update(g, p, s)
        return value, p, s

    return params, state, step, batches(item, size["batch"], **options)


def product(size):
    f = jax.jit(jnp.matmul)
    a, b = random.normal(random.PRNGKey(0), (size["m"], size["k"])), random.normal(random.PRNGKey(1), (size["k"], size["n"]))
    return lambda: float(f(a, b)[0, 0])


def convolution(size):
    c, k, side = size["channels"], size["kernel"], size["side"]
    x, g = random.normal(random.PRNGKey(0), (2, size["batch"], side, side, c))
    w = random.normal(random.PRNGKey(1), (k, k, c, c))
    f = jax.jit(lambda x, w, g: (lambda y, back: (y, *back(g)))(*jax.vjp(lambda x, w: conv({"w": w}, x, padding=k // 2), x, w)))
    return lambda: float(f(x, w, g)[2][0, 0, 0, 0])


def setup(request):
    started = time.perf_counter()
    count = None
    if request["kind"] == "step":
        params, state, step, next_batch = training(request["size"])
        key = random.PRNGKey(0)

        def once():
            nonlocal params, state, key
            key, now = random.split(key)
            loss, params, state = step(params, state, next_batch(), now)
            return float(loss)

        count = sum(x.size for x in jax.tree.leaves(params))
    elif request["kind"] in ("forward", "write"):
        raise NotImplementedError("this row is not written for JAX")
    else:
        once = {"product": product, "convolve": convolution}[request["kind"]](request["size"])
    once()
    return once, {"parameters": count, "createMs": 1000 * (time.perf_counter() - started), "version": jax.__version__}


def main():
    once = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "setup":
                once, reply = setup(request)
            elif request["do"] == "run":
                ms, started, cpu = [], time.perf_counter(), time.process_time()
                while len(ms) < request["least"] or time.perf_counter() - started < request["seconds"]:
                    before = time.perf_counter()
                    loss = once()
                    ms.append(1000 * (time.perf_counter() - before))
                reply = {"ms": ms, "loss": loss, "cpuMs": 1000 * (time.process_time() - cpu) / len(ms)}
            else:
                reply = {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        except Exception as error:  # the bench prints it beside the row
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
