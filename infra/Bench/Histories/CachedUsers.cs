using Metering.Bench.Reporting;
using Metering.Kernel.Deciding;
using Metering.Kernel.Streams;
using Metering.Ledger;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;
using Microsoft.Extensions.Logging.Abstractions;

namespace Metering.Bench.Histories;

/// <summary>
/// What one user costs in memory: the product's decision runner with so many users, each of whom has a plan and has done one cycle.
/// Counted on the
/// managed heap of this process, with what the runner and the store keep of each.
/// </summary>
internal sealed class CachedUsers(IEventStreams streams, int users)
{
    private const int RememberedIds = 3;
    private const int BytesPerId = 100;

    private readonly DecisionRunner<LedgerState, Command, Answer> runner =
        new(streams, new Model(), new RunnerOptions { StreamsCached = users + 1 }, TimeProvider.System, NullLogger.Instance);

    internal async Task<Figure> Measure()
    {
        await Cycle(0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await Parallel.ForAsync(1, users + 1, new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (user, _) => await Cycle(user));
        var each = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / users;
        GC.KeepAlive(runner);
        return new("memory per cached user", each - RememberedIds * BytesPerId, "bytes",
            FormattableString.Invariant($"{users:N0} users; {each:N0} less {RememberedIds} remembered ids of {BytesPerId}"));
    }

    private async Task Cycle(int user)
    {
        var stream = FormattableString.Invariant($"ledger-cached-{user}");
        var reserve = NewId();
        await Do(stream, new AssignPlan(NewId(), default, History.Plan(400_000_000), PlanChange.NextPeriod, null));
        await Do(stream, new Reserve(reserve, default, Line(1_000), TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30)));
        await Do(stream, new Commit(NewId(), default, reserve, Line(800)));
    }

    private async Task Do(string stream, Command command)
    {
        var answer = await runner.Handle(stream, command, new Caller("bench", null), CancellationToken.None);
        if (answer is not Done) throw new InvalidOperationException($"{answer} to {command}");
    }

    private static Items<AskedLine> Line(long quantity) => [new AskedLine("llm.tokens", "tokens", Attributes.None, quantity, [])];

    private static Guid NewId() => Guid.CreateVersion7(TimeProvider.System.GetUtcNow());

    /// <summary>The ledger on streams, as the service has it.</summary>
    private sealed class Model : IStreamModel<LedgerState, Command, Answer>
    {
        public LedgerState Empty() => new();

        public void Fold(LedgerState state, StoredEvent stored) =>
            Ledger.Accounts.Fold.Apply(state, LedgerEvents.Decode(stored.Type, stored.Data.Span));

        public Turn<Answer> Decide(LedgerState state, Command command, DateTimeOffset now)
        {
            var turn = Decisions.Take(state, command, now, _ => TimeZoneInfo.Utc);
            return new([.. turn.Events.Select(FactOf)], turn.Answer!, Again: turn.Answer is null);
        }

        public bool IsAhead(LedgerState state) => state.Unappended.Count > 0;

        public (string Version, ReadOnlyMemory<byte> Data)? Save(LedgerState state) => null;

        public LedgerState? Restore(Snapshot snapshot) => null;

        private static Fact FactOf(LedgerEvent happened)
        {
            var (type, data) = LedgerEvents.Encode(happened);
            return new(type, data, happened.Cause?.Command);
        }
    }
}
