using System.CommandLine;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>What was reported to each Stripe meter in sum; looking changes nothing.</summary>
internal sealed class BilledVerb : Verb
{
    private readonly Argument<string?> user;

    public BilledVerb() : base("billed", "What was reported to each Stripe meter in sum, of a user or of all.") => user = AddUserOrAll();

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new GetTotalsRequest();
        if (asked.GetValue(user) is { } one) request.User = one;
        var totals = (await session.Ask(call => session.Billing.GetTotalsAsync(request, call), cancellation)).Totals;
        if (totals.Count == 0 && request.HasUser) await session.Expect(request.User, cancellation);
        foreach (var total in totals) session.Screen.Record(total);
        if (totals.Count == 0) session.Screen.Say("nothing was reported");
        var numbers = new[] { "reports", "reported", "accepted", "unlinked", "rejected", "missing", "out of window" };
        session.Screen.Table(["meter", .. numbers.Select(Column.Number)], totals.Select(Row));
        return Exit.Ok;
    }

    private static string[] Row(StripeMeterTotal total) =>
    [
        total.StripeMeter,
        .. new[]
        {
            total.Reports, total.Reported, total.Accepted, total.Unlinked, total.Rejected, total.Missing, total.OutOfWindow,
        }.Select(Words.Count),
    ];
}
