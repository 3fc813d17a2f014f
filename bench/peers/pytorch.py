"""PyTorch: the benchmark's networks as its users write them. Speaks the protocol of serve.js."""
import json, math, os, resource, sys, time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Vae(nn.Module):
    def __init__(self, hidden, latent, pixels):
        super().__init__()
        self.hidden, self.mean, self.log_variance = nn.Linear(pixels, hidden), nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.expand, self.output = nn.Linear(latent, hidden), nn.Linear(hidden, pixels)

    def encode(self, x):
        h = F.relu(self.hidden(x))
        return self.mean(h), self.log_variance(h)

    def decode(self, z):
        return self.output(F.relu(self.expand(z)))

    def loss(self, x):
        x = torch.bernoulli(x).flatten(1)
        mean, log_variance = self.encode(x)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        reconstruction = F.binary_cross_entropy_with_logits(self.decode(z), x, reduction="sum")
        kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        return (reconstruction + kl) / len(x)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn, self.attn_out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc, self.proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def attention(self, x, mask):
        b, t, c = x.shape
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in self.attn(x).split(c, 2))
        scores = (q @ k.transpose(-2, -1)) * (1 / math.sqrt(k.size(-1)))
        y = F.softmax(scores.masked_fill(mask, float("-inf")), -1) @ v
        return self.attn_out(y.transpose(1, 2).contiguous().view(b, t, c))

    def forward(self, x, mask):
        x = x + self.attention(self.ln_1(x), mask)
        return x + self.proj(F.gelu(self.fc(self.ln_2(x))))

    def read(self, x, past):
        """What follows the past, a stretch of the text; `past` grows by its keys and values."""
        b, t, c = x.shape
        q, k, v = (y.view(b, t, self.heads, c // self.heads).transpose(1, 2) for y in self.attn(self.ln_1(x)).split(c, 2))
        if past:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        past[:] = [k, v]
        later = torch.ones(t, k.size(2), dtype=torch.bool).tril(k.size(2) - t).logical_not()
        scores = (q @ k.transpose(-2, -1)) * (1 / math.sqrt(k.size(-1)))
        y = F.softmax(scores.masked_fill(later, float("-inf")), -1) @ v
        x = x + self.attn_out(y.transpose(1, 2).reshape(b, t, c))
        return x + self.proj(F.gelu(self.fc(self.ln_2(x))))


class Gpt(nn.Module):
    def __init__(self, vocabulary, positions, layers, heads, width):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
        nn.init.normal_(self.wte.weight, std=0.02)
        nn.init.normal_(self.wpe.weight, std=0.02)
        self.h = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)
        self.register_buffer("mask", torch.ones(positions, positions).tril() == 0)

    def forward(self, tokens):
        t = tokens.shape[1]
        x = self.wte(tokens) + self.wpe.weight[:t]
        for block in self.h:
            x = block(x, self.mask[:t, :t])
        return self.ln_f(x) @ self.wte.weight.t()

    def write(self, tokens, count, cache):
        """The `count` most probable tokens after [1, n] tokens, one by one."""
        pasts = [[] for _ in self.h]
        unread = tokens
        for _ in range(count):
            if cache:
                at = tokens.shape[1] - unread.shape[1]
                x = self.wte(unread) + self.wpe.weight[at:tokens.shape[1]]
                for block, past in zip(self.h, pasts):
                    x = block.read(x, past)
                logits = self.ln_f(x[:, -1]) @ self.wte.weight.t()
            else:
                logits = self(tokens)[:, -1]
            unread = logits.argmax(-1, keepdim=True)
            tokens = torch.cat([tokens, unread], 1)
        return tokens

    def loss(self, x):
        logits = self(x[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1), x[:, 1:].flatten())


class Generator(nn.Sequential):
    def __init__(self, latent, width, channels):
        up = lambda i, o: nn.ConvTranspose2d(i, o, 4, 2, 1, bias=False)
        norm = lambda n: [nn.BatchNorm2d(n), nn.ReLU()]
        super().__init__(
            nn.ConvTranspose2d(latent, 4 * width, 4, bias=False), *norm(4 * width), up(4 * width, 2 * width), *norm(2 * width),
            up(2 * width, width), *norm(width), up(width, channels), nn.Tanh())


class Discriminator(nn.Sequential):
    def __init__(self, width, channels):
        down = lambda i, o: nn.Conv2d(i, o, 4, 2, 1, bias=False)
        norm = lambda n: [nn.BatchNorm2d(n), nn.LeakyReLU(0.2)]
        super().__init__(
            down(channels, width), nn.LeakyReLU(0.2), down(width, 2 * width), *norm(2 * width),
            down(2 * width, 4 * width), *norm(4 * width), nn.Conv2d(4 * width, 1, 4, bias=False))


class MaskedConv(nn.Conv2d):
    def __init__(self, inputs, outputs, kernel, include_centre):
        super().__init__(inputs, outputs, kernel, padding=kernel // 2)
        taps = torch.arange(kernel * kernel) < kernel * kernel // 2 + include_centre
        self.register_buffer("mask", taps.float().view(1, 1, kernel, kernel))

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class PixelCnn(nn.Sequential):
    def __init__(self, layers, width):
        rest = [m for _ in range(layers - 1) for m in (MaskedConv(width, width, 3, 1), nn.ReLU())]
        super().__init__(MaskedConv(1, width, 7, 0), nn.ReLU(), *rest, nn.Conv2d(width, 1, 1))

    def loss(self, x):
        x = torch.bernoulli(x)
        return F.binary_cross_entropy_with_logits(self(x), x, reduction="sum") / len(x)


def group_norm(channels):
    """As many groups as there can be, up to 32, with at least four channels each."""
    return nn.GroupNorm(next((n for n in (32, 16, 8, 4, 2) if channels % n == 0 and channels // n >= 4), 1), channels)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, size):
        super().__init__()
        self.norm1, self.norm2 = group_norm(inputs), group_norm(outputs)
        self.conv1, self.conv2 = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.condition = nn.Linear(size, outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, condition):
        h = self.conv1(F.silu(self.norm1(x))) + self.condition(F.silu(condition))[:, :, None, None]
        return self.conv2(F.silu(self.norm2(h))) + self.shortcut(x)


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm, self.qkv, self.out = group_norm(channels), nn.Conv2d(channels, 3 * channels, 1), nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = (t.transpose(1, 2) for t in self.qkv(self.norm(x)).view(b, 3 * c, h * w).split(c, 1))
        mixed = torch.softmax((q * c**-0.5) @ k.transpose(1, 2), -1) @ v
        return x + self.out(mixed.transpose(1, 2).reshape(b, c, h, w))


class Stage(nn.Module):
    def __init__(self, widths, size, attends, resize):
        super().__init__()
        self.blocks = nn.ModuleList(ResidualBlock(i, o, size) for i, o in widths)
        self.attention = nn.ModuleList(Attention(o) for _, o in widths) if attends else [nn.Identity()] * len(widths)
        self.resize = resize

    def block(self, i, h, condition):
        return self.attention[i](self.blocks[i](h, condition))


class Unet(nn.Module):
    def __init__(self, channels, width, multipliers, blocks, attention):
        super().__init__()
        size, self.width, last = 4 * width, width, len(multipliers) - 1
        self.hidden, self.condition = nn.Linear(width, size), nn.Linear(size, size)
        self.input = nn.Conv2d(channels, width, 3, padding=1)
        skips, at, down, up = [width], width, [], []
        for level, m in enumerate(multipliers):
            widths = []
            for _ in range(blocks):
                widths.append((at, m * width))
                at = m * width
                skips.append(at)
            resize = nn.Conv2d(at, at, 3, 2, 1) if level != last else None
            if resize is not None:
                skips.append(at)
            down.append(Stage(widths, size, 2**level == attention, resize))
        self.middle = nn.ModuleList([ResidualBlock(at, at, size), Attention(at), ResidualBlock(at, at, size)])
        for level, m in reversed(list(enumerate(multipliers))):
            widths = []
            for _ in range(blocks + 1):
                widths.append((at + skips.pop(), m * width))
                at = m * width
            up.append(Stage(widths, size, 2**level == attention, nn.Conv2d(at, at, 3, padding=1) if level else None))
        self.down, self.up = nn.ModuleList(down), nn.ModuleList(up)
        self.norm, self.output = group_norm(at), nn.Conv2d(at, channels, 3, padding=1)
        product = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)
        self.register_buffer("signal", product.sqrt())
        self.register_buffer("noise", (1 - product).sqrt())

    def forward(self, x, t):
        angles = t[:, None] * torch.exp(torch.arange(self.width // 2) * (-math.log(10000) / (self.width / 2 - 1)))
        condition = self.condition(F.silu(self.hidden(torch.cat([angles.sin(), angles.cos()], 1))))
        h = self.input(x)
        skips = [h]
        for stage in self.down:
            for i in range(len(stage.blocks)):
                h = stage.block(i, h, condition)
                skips.append(h)
            if stage.resize is not None:
                h = stage.resize(h)
                skips.append(h)
        h = self.middle[2](self.middle[1](self.middle[0](h, condition)), condition)
        for stage in self.up:
            for i in range(len(stage.blocks)):
                h = stage.block(i, torch.cat([h, skips.pop()], 1), condition)
            if stage.resize is not None:
                h = stage.resize(F.interpolate(h, scale_factor=2))
        return self.output(F.silu(self.norm(h)))

    def loss(self, x):
        t = torch.randint(1000, (len(x),))
        epsilon = torch.randn_like(x)
        at = lambda table: table[t][:, None, None, None]
        return F.mse_loss(self((2 * x - 1) * at(self.signal) + epsilon * at(self.noise), t.float()), epsilon)


def unet(size):
    return Unet(*(size[k] for k in ("channels", "width", "multipliers", "blocks", "attention")))


def batches(item, batch, classes=None):
    """Batches of a small made-up data set of bytes, gathered anew each step."""
    values = torch.randint(classes or 256, (4096, *item)).byte()
    def next_batch():
        rows = values[torch.randint(len(values), (batch,))]
        return rows.float() / 255 if classes is None else rows.long()
    return next_batch


def trainer(loss, model, optimizer, next_batch, clip=None):
    def once():
        optimizer.zero_grad(set_to_none=True)
        value = loss(next_batch())
        value.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        return value.item()
    return once


def training(size):
    batch, net = size["batch"], size["net"]
    if net == "vae":
        model = Vae(size["hidden"], size["latent"], size["side"] ** 2)
        return model, trainer(model.loss, model, torch.optim.Adam(model.parameters(), 1e-3), batches((1, size["side"], size["side"]), batch))
    if net == "gpt":
        model = Gpt(size["vocabulary"], size["positions"], size["layers"], size["heads"], size["width"])
        optimizer = torch.optim.AdamW(model.parameters(), 1e-3, betas=(0.9, 0.99), weight_decay=0.1)
        return model, trainer(model.loss, model, optimizer, batches((size["positions"] + 1,), batch, size["vocabulary"]), clip=1.0)
    if net == "pixelcnn":
        model = PixelCnn(size["layers"], size["width"])
        return model, trainer(model.loss, model, torch.optim.Adam(model.parameters(), 1e-3), batches((1, size["side"], size["side"]), batch))
    if net == "unet":
        model = unet(size)
        item = (size["channels"], size["side"], size["side"])
        return model, trainer(model.loss, model, torch.optim.Adam(model.parameters(), 2e-4), batches(item, batch), clip=1.0)
    if net == "dcgan":
        generator, critic = Generator(size["latent"], size["width"], size["channels"]), Discriminator(size["width"], size["channels"])
        both = nn.ModuleList([generator, critic])
        next_batch = batches((size["channels"], size["side"], size["side"]), batch)
        rate = {"lr": 2e-4, "betas": (0.5, 0.999)}
        optimizers = [torch.optim.Adam(m.parameters(), **rate) for m in (critic, generator)]
        dream = lambda: generator(torch.randn(batch, size["latent"], 1, 1))
        def judge(x):
            with torch.no_grad():
                fake = dream()
            return F.softplus(-critic(2 * x - 1)).mean() + F.softplus(critic(fake)).mean()
        def fool(_):
            return F.softplus(-critic(dream())).mean()
        def frozen(loss):  # the critic's own gradient is not needed in the generator's phase
            def once():
                critic.requires_grad_(False)
                value = loss()
                critic.requires_grad_(True)
                return value
            return once
        first = trainer(judge, critic, optimizers[0], next_batch)
        second = frozen(trainer(fool, generator, optimizers[1], next_batch))
        def once():
            first()
            return second()
        return both, once
    raise ValueError(f"no network {net}")


def evaluation(size):
    """One evaluation of the network, as sampling repeats it."""
    batch, net = size["batch"], size["net"]
    if net == "vae":
        model = Vae(size["hidden"], size["latent"], size["side"] ** 2)
        z = torch.randn(batch, size["latent"])
        forward = lambda: torch.sigmoid(model.decode(z))
    elif net == "gpt":
        model = Gpt(size["vocabulary"], size["positions"], size["layers"], size["heads"], size["width"])
        tokens = torch.randint(size["vocabulary"], (batch, size["positions"]))
        forward = lambda: model(tokens)[:, -1]
    elif net == "pixelcnn":
        model = PixelCnn(size["layers"], size["width"])
        x = torch.rand(batch, 1, size["side"], size["side"])
        forward = lambda: model(x)
    elif net == "unet":
        model = unet(size)
        x, t = torch.randn(batch, size["channels"], size["side"], size["side"]), torch.full((batch,), 500.0)
        forward = lambda: model(x, t)
    else:
        model = Generator(size["latent"], size["width"], size["channels"]).eval()
        z = torch.randn(batch, size["latent"], 1, 1)
        forward = lambda: model(z)
    def once():
        with torch.inference_mode():
            return forward().flatten()[0].item()
    return once


def writing(size):
    model = Gpt(*(size[k] for k in ("vocabulary", "positions", "layers", "heads", "width"))).eval()
    prompt = torch.arange(size["prompt"])[None] % size["vocabulary"]
    def once():
        with torch.inference_mode():
            return model.write(prompt, size["tokens"], size["cache"])[0, -1].item()
    return once


def product(size):
    a, b = torch.randn(size["m"], size["k"]), torch.randn(size["k"], size["n"])
    return lambda: (a @ b)[0, 0].item()


def convolution(size):
    c, k = size["channels"], size["kernel"]
    x = torch.randn(size["batch"], c, size["side"], size["side"], requires_grad=True)
    w, g = torch.randn(c, c, k, k, requires_grad=True), torch.randn_like(x)
    return lambda: torch.autograd.grad(F.conv2d(x, w, padding=k // 2), (x, w), g)[1].flatten()[0].item()


def setup(request):
    torch.set_num_threads(request["threads"])
    torch.manual_seed(0)
    started = time.perf_counter()
    parameters = None
    if request["kind"] == "step":
        model, once = training(request["size"])
        parameters = sum(p.numel() for p in model.parameters())
    else:
        once = {"forward": evaluation, "write": writing, "product": product, "convolve": convolution}[request["kind"]](request["size"])
    once()
    return once, {"parameters": parameters, "createMs": 1000 * (time.perf_counter() - started)}


def describe():
    """The libraries that multiply matrices: Debian's reference BLAS is 30 times slower than OpenBLAS."""
    libraries = set()
    with open("/proc/self/maps") as maps:
        for line in maps:
            name = line.rsplit("/", 1)[-1].strip()
            if any(word in name for word in ("blas", "mkl_core", "libblis")):
                libraries.add(os.path.realpath(line.split()[-1]))
    return {"version": torch.__version__, "blas": sorted(libraries)}


def main():
    once = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "setup":
                once, reply = setup(request)
                reply.update(describe())
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
