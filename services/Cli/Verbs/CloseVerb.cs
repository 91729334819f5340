using System.CommandLine;
using Grpc.Core;
using Metering.V1;

namespace Metering.Cli.Verbs;

/// <summary>Closes a billing period by hand. The service does it by itself when one is due; twice changes nothing.</summary>
internal sealed class CloseVerb : Verb
{
    private readonly Argument<string> user;
    private readonly Argument<int> period;

    public CloseVerb() : base("close", "Close a user's billing period that is due. Its totals never change again.")
    {
        user = AddUser();
        period = AddPeriod();
    }

    public override async Task<int> Run(Session session, ParseResult asked, CancellationToken cancellation)
    {
        var request = new ClosePeriodRequest { User = asked.GetRequiredValue(user), Period = asked.GetValue(period) };
        var closed = await Close(session, request, cancellation);
        session.Screen.Record(closed);
        var before = closed.Repeated ? ", before" : "";
        session.Screen.Say($"period {Words.Period(closed.Period)} of {request.User}: closed at {Words.Time(closed.At)}{before}");
        session.Screen.Table(Totals.Columns, Totals.Rows(closed.Groups));
        session.Screen.Table(
            ["meter", Column.Number("quantity"), Column.Number("overrun")],
            closed.Meters.Select(meter => new[] { meter.Meter, Words.Count(meter.Quantity), Words.Count(meter.Overrun) }));
        return Exit.Ok;
    }

    private static async Task<ClosePeriodReply> Close(Session session, ClosePeriodRequest request, CancellationToken cancellation)
    {
        try
        {
            return await session.Ask(call => session.Accounts.ClosePeriodAsync(request, call), cancellation);
        }
        catch (RpcException none) when (none.StatusCode == StatusCode.NotFound)
        {
            await session.Expect(request.User, cancellation);
            throw;
        }
    }
}
