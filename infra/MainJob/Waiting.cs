namespace Metering.MainJob;

/// <summary>Waits for what follows the ledger, by asking it how far it is.</summary>
internal sealed class Waiting(Books books, StripeAccount stripe, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Until the balances have taken in every user's last call.</summary>
    internal async Task<UsageOf> ForBalances(IReadOnlyList<User> users, Gauge gauge, CancellationToken cancellation)
    {
        UsageOf balances = new Dictionary<string, V1.Usage>();
        await Until(users.Count, gauge, async () =>
        {
            balances = await books.Balances(cancellation);
            return users.Count(user => balances.TryGetValue(user.Id, out var usage) && usage.Revision >= user.Revision);
        }, cancellation);
        return users.Where(user => balances.ContainsKey(user.Id)).ToDictionary(user => user.Id, user => balances[user.Id]);
    }

    /// <summary>Until every user's period is closed.</summary>
    internal async Task<PeriodsOf> ForPeriods(IReadOnlyList<User> users, Gauge gauge, CancellationToken cancellation)
    {
        var closed = new Dictionary<string, IReadOnlyList<V1.PeriodDocument>>();
        await Until(users.Count, gauge, async () =>
        {
            foreach (var user in users.Where(user => !closed.ContainsKey(user.Id)))
            {
                var periods = await books.Periods(user.Id, cancellation);
                if (periods.Count > 0 && periods.All(period => period.State == V1.PeriodState.Closed)) closed[user.Id] = periods;
            }

            return closed.Count;
        }, cancellation);
        return closed;
    }

    /// <summary>Until Stripe was told and has accepted the whole of what the periods came to.</summary>
    internal async Task<StripeState> ForStripe(long total, long before, Gauge gauge, CancellationToken cancellation)
    {
        StripeState? state = null;
        await Until(total, gauge, async () =>
        {
            state = await stripe.State(cancellation);
            var reported = await books.Reported(cancellation);
            return Math.Min(state.Total, reported.Accepted - before);
        }, cancellation);
        return state!;
    }

    // Gives up after a while without a word: what is missing then shows in the comparison, with figures.
    private async Task Until(long goal, Gauge gauge, Func<Task<long>> ask, CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            gauge.Set(await ask());
            if (gauge.Done == goal || time.GetElapsedTime(start) > Patience) return;
            await Task.Delay(Pause, time, cancellation);
        }
    }
}
