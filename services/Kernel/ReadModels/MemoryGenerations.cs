namespace Metering.Kernel.ReadModels;

/// <summary>A read model in memory: each instance keeps its own, rebuilt from the streams at every start.</summary>
public sealed class MemoryGenerations(ReadModelSchema schema) : IGenerations
{
    private readonly Lock _gate = new();
    private Generation _live = new(1, new MemoryReadModel(schema));
    private Generation? _next;
    private Standing? _standing;

    public ReadModelSchema Schema => schema;

    public Task<Generation> Live(CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult(_live);
    }

    public Task<Generation?> Next(CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult(_next);
    }

    public Task<Generation> Begin(CancellationToken cancellation)
    {
        lock (_gate)
            return Task.FromResult(_next ??= new Generation(_live.Number + 1, new MemoryReadModel(schema)));
    }

    public async Task<bool> Switch(Generation next, CancellationToken cancellation)
    {
        var position = await next.Documents.Checkpoint(cancellation);
        lock (_gate)
        {
            if (next != _next || !((MemoryReadModel)_live.Documents).Retire(position))
                return false;
            (_live, _next) = (next, null);
            return true;
        }
    }

    public Task Sweep(CancellationToken cancellation) => Task.CompletedTask;

    public Task<ITurn> Turn(CancellationToken cancellation) => Task.FromResult<ITurn>(new EveryTurn(this));

    public Task<Said?> Standing(CancellationToken cancellation) =>
        Task.FromResult(Volatile.Read(ref _standing) is { } standing ? new Said(standing, TimeSpan.Zero) : null);

    /// <summary>Nothing is shared with other instances.</summary>
    private sealed class EveryTurn(MemoryGenerations own) : ITurn
    {
        public Task Say(Standing standing, CancellationToken cancellation)
        {
            Volatile.Write(ref own._standing, standing);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => default;
    }
}
