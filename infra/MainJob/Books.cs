using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Metering.V1;

namespace Metering.MainJob;

/// <summary>What the ledger says of the users of the trace, asked in several ways that share as little as possible.</summary>
internal sealed class Books(Clients clients)
{
    private const int Page = 1000;
    private const int AtOnce = 16;

    /// <summary>The read model: every user's balance as last projected.</summary>
    internal async Task<IReadOnlyDictionary<string, Usage>> Balances(CancellationToken cancellation)
    {
        var balances = new Dictionary<string, Usage>();
        var request = new ListBalancesRequest { PageSize = Page };
        do
        {
            var page = await clients.Send(call => clients.Balances.ListBalancesAsync(request, call), cancellation);
            foreach (var usage in page.Usages) balances[usage.User] = usage;
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
        return balances;
    }

    /// <summary>The read model: a user's periods that have ended. A trial user has few: one page holds them.</summary>
    internal async Task<IReadOnlyList<PeriodDocument>> Periods(string user, CancellationToken cancellation)
    {
        var request = new ListPeriodsRequest { User = user, PageSize = Page };
        return (await clients.Send(call => clients.Balances.ListPeriodsAsync(request, call), cancellation)).Periods;
    }

    /// <summary>A fresh fold by the service: the use as of each user's last call, replayed from the stream.</summary>
    internal Task<IReadOnlyDictionary<string, long>> Replayed(IReadOnlyList<User> users, CancellationToken cancellation) =>
        Each(users, user => Replayed(user, cancellation), cancellation);

    /// <summary>A fold of our own: what the stored events charged less what they gave back, added up here.</summary>
    internal Task<IReadOnlyDictionary<string, long>> AddedUp(IReadOnlyList<User> users, CancellationToken cancellation) =>
        Each(users, user => AddedUp(user.Id, cancellation), cancellation);

    internal async Task<GetProgressReply> Progress(CancellationToken cancellation) =>
        await clients.Send(call => clients.Balances.GetProgressAsync(new GetProgressRequest(), call), cancellation);

    internal async Task<StripeMeterTotal> Reported(CancellationToken cancellation)
    {
        var reply = await clients.Send(call => clients.Billing.GetTotalsAsync(new GetTotalsRequest(), call), cancellation);
        return reply.Totals.SingleOrDefault(total => total.StripeMeter == StripeAccount.Meter) ?? new StripeMeterTotal();
    }

    internal static long Used(Usage usage) => usage.Groups.Where(group => group.Group == Plans.Group).Sum(group => group.Used);

    internal static long Used(IEnumerable<PeriodDocument> periods) => periods.SelectMany(period => period.Groups)
        .Where(group => group.Group == Plans.Group).Sum(group => group.Rollover + group.Quota + group.Credit + group.Overage);

    private async Task<long> Replayed(User user, CancellationToken cancellation)
    {
        var request = new GetBalanceAsOfRequest { User = user.Id, At = user.At.ToTimestamp() };
        var reply = await clients.Send(call => clients.Balances.GetBalanceAsOfAsync(request, call), cancellation);
        return Used(reply.Usage);
    }

    private async Task<long> AddedUp(string user, CancellationToken cancellation)
    {
        var sum = 0L;
        var request = new ListEventsRequest { User = user, Limit = Page };
        while (true)
        {
            var page = await clients.Send(call => clients.Balances.ListEventsAsync(request, call), cancellation);
            sum += page.Events.Sum(Effect);
            if (!page.HasNextRevision) return sum;
            request.FromRevision = page.NextRevision;
        }
    }

    private static long Effect(Event stored) => stored.Type switch
    {
        "committed.v1" => Amount(stored.Json),
        "refunded.v1" => -Amount(stored.Json),
        _ => 0,
    };

    private static long Amount(string json)
    {
        using var content = JsonDocument.Parse(json);
        return content.RootElement.GetProperty("draws").EnumerateArray()
            .Where(draw => draw.GetProperty("group").ValueEquals(Plans.Group))
            .SelectMany(draw => draw.GetProperty("parts").EnumerateArray())
            .Sum(part => part.GetProperty("amount").GetInt64());
    }

    private static async Task<IReadOnlyDictionary<string, long>> Each(
        IReadOnlyList<User> users, Func<User, Task<long>> ask, CancellationToken cancellation)
    {
        var answers = new long[users.Count];
        var limits = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation };
        await Parallel.ForAsync(0, users.Count, limits, async (n, _) => answers[n] = await ask(users[n]));
        return users.Zip(answers).ToDictionary(pair => pair.First.Id, pair => pair.Second);
    }
}
