using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;
using Metering.Ledger.Accounts;
using Metering.Ledger.Stored;

namespace Metering.Balances.ReadModels;

/// <summary>The read model <c>balances</c>: every event is decoded once and folded into the documents of its user.</summary>
public static class BalancesProjection
{
    public const string Name = "balances";

    public static readonly Projection Projection = new([LedgerStreams.Prefix], Fold);

    public static ReadModelSchema Schema => new ReadModelSchema(Name)
        .With(UserBalance.ByUser)
        .With(BillingPeriod.ByUser, BillingPeriod.ByDue);

    private static async Task<IReadOnlyCollection<IDocument>> Fold(
        IReadOnlyList<StoredEvent> events, IReadModel model, CancellationToken cancellation)
    {
        var users = events.GroupBy(stored => stored.Stream, (stream, own) => new UserBatch(LedgerStreams.UserOf(stream), own)).ToArray();
        var balances = await model.Load<UserBalance>([.. users.Select(user => user.User)], cancellation);
        foreach (var user in users) user.Fold(balances.GetValueOrDefault(user.User));
        var periods = await model.Load<BillingPeriod>([.. users.SelectMany(user => user.PeriodIds)], cancellation);
        return [.. users.SelectMany(user => user.Documents(periods))];
    }

    /// <summary>The events of one user in a batch, and the state they lead to.</summary>
    private sealed class UserBatch(string user, IEnumerable<StoredEvent> events)
    {
        private readonly List<(long Revision, LedgerEvent Happened)> happenings = [];
        private LedgerState state = new();

        public string User => user;

        /// <summary>Of the periods that the events are about, and of those that wait to be closed: any event may move when they are due.</summary>
        public IEnumerable<string> PeriodIds => happenings
            .SelectMany(one => BillingPeriod.Numbers(one.Happened))
            .Concat(state.Ended.Select(ended => ended.Period.Number))
            .Distinct()
            .Select(number => BillingPeriod.IdOf(user, number));

        public void Fold(UserBalance? before)
        {
            if (before is not null) state = before.ToState();
            foreach (var stored in events)
            {
                if (stored.Revision != state.Revision + 1)
                    throw new InvalidOperationException($"{stored.Stream} goes on with revision {stored.Revision} after {state.Revision}");
                var happened = stored.Value as LedgerEvent ?? LedgerEvents.Decode(stored.Type, stored.Data.Span);
                Ledger.Accounts.Fold.Apply(state, happened);
                happenings.Add((stored.Revision, happened));
            }
        }

        public IEnumerable<IDocument> Documents(IReadOnlyDictionary<string, BillingPeriod> before)
        {
            foreach (var period in Periods(before))
                if (!period.Equals(before.GetValueOrDefault(period.Id))) yield return period;
            yield return UserBalance.Of(user, state);
        }

        private IEnumerable<BillingPeriod> Periods(IReadOnlyDictionary<string, BillingPeriod> before)
        {
            var after = PeriodIds.Where(before.ContainsKey).ToDictionary(id => id, id => before[id]);
            foreach (var (revision, happened) in happenings)
                foreach (var number in BillingPeriod.Numbers(happened))
                {
                    var id = BillingPeriod.IdOf(user, number);
                    after[id] = BillingPeriod.After(after.GetValueOrDefault(id), user, number, revision, happened);
                }
            foreach (var ended in state.Ended)
            {
                var id = BillingPeriod.IdOf(user, ended.Period.Number);
                after[id] = after[id] with { Due = BillingPeriod.DueAt(BillingPeriod.DueAt(state, ended)) };
            }
            return after.Values;
        }
    }
}
