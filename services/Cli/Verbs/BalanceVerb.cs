using System.CommandLine;
using Google.Protobuf.WellKnownTypes;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>What a user has, used and has left: now, or as of any moment, replayed from the history.</summary>
internal sealed class BalanceVerb : Verb
{
    private readonly Argument<string> user;
    private readonly Option<Timestamp?> at;

    public BalanceVerb() : base("balance", "A user's balances, now or as of any moment.")
    {
        user = AddUser();
        at = AddOption("--at", "TIME", "As of this moment: every event at it or before counts.", Reading.Time);
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var usage = await Usage(session, asked.GetRequiredValue(user), asked.GetValue(at), cancellation);
        if (usage.Revision < 0) throw NotFoundException.NoEvents(usage.User);
        session.Screen.Record(usage);
        Show(session.Screen, usage);
        return Exit.Ok;
    }

    private static async Task<Usage> Usage(Session session, string user, Timestamp? at, CancellationToken cancellation)
    {
        if (at is null) return await session.UsageOf(user, cancellation);
        var request = new GetBalanceAsOfRequest { User = user, At = at };
        return (await session.Ask(call => session.Balances.GetBalanceAsOfAsync(request, call), cancellation)).Usage;
    }

    private static void Show(Screen screen, Usage usage)
    {
        var plan = usage.HasPlanId ? $"{usage.PlanId} version {usage.PlanVersion}" : "none";
        screen.Say($"{usage.User} at {Words.Time(usage.At)}, revision {usage.Revision}{(usage.Suspended ? ", SUSPENDED" : "")}");
        screen.Say($"plan {plan}; period {Words.Period(usage.Period)}; open holds {usage.OpenHolds}");
        screen.Table(
            [
                "group", "unit", "kind", "until", .. new[] { "quota", "rollover", "used", "held" }.Select(Column.Number),
                Column.Number("overage"), Column.Number("available"), Column.Number("charge"),
            ],
            usage.Groups.Select(Row));
        screen.Table(
            ["grant", "unit", "source", "expires", .. new[] { "amount", "used", "held", "expired" }.Select(Column.Number)],
            usage.Grants.Select(Row));
    }

    private static string[] Row(GroupUsage group)
    {
        string Amount(long amount) => Words.Amount(amount, group.Unit);
        return
        [
            group.Group, group.Unit, Words.Name(group.Kind), Words.Time(group.WindowEnd), Amount(group.Quota), Amount(group.Rollover),
            Amount(group.Used), Amount(group.Held), Amount(group.Overage), Words.Left(group, Amount(group.Available)),
            Words.Money(group.Charge),
        ];
    }

    private static string[] Row(GrantUsage grant) =>
    [
        grant.GrantId, grant.Unit, grant.Source, Words.Time(grant.ExpiresAt), Words.Amount(grant.Amount, grant.Unit),
        Words.Amount(grant.Used, grant.Unit), Words.Amount(grant.Held, grant.Unit), Words.Amount(grant.Expired, grant.Unit),
    ];
}
