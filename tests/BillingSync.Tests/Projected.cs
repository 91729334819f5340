using Metering.BillingSync.ReadModels;
using Metering.BillingSync.Reports;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.Tests;

/// <summary>The documents that billing streams lead to, and what they have to be.</summary>
internal static class Projected
{
    /// <summary>All that is stored, taken in by batches of a random size.</summary>
    public static async Task<IReadModel> From(IEventStreams streams, IReadModel model, Random random)
    {
        var position = Position.Start;
        foreach (var batch in Cut(await Events(streams), random))
        {
            var documents = await BillingProjection.Projection.Fold(batch, model, CancellationToken.None);
            Assert.That(await model.Apply(documents, position, batch[^1].Position, CancellationToken.None), Is.True);
            position = batch[^1].Position;
        }
        return model;
    }

    /// <summary>What the documents show is what decisions are made on.</summary>
    public static async Task Agree(
        IReadModel model, List<(string User, BillingState State)> states, BillingPolicy policy, DateTimeOffset now)
    {
        states = [.. states.OrderBy(one => one.User, StringComparer.Ordinal)];
        var (reports, periods, members) =
            (await All(model, BilledReport.ByUser), await All(model, BilledPeriod.ByUser), await All(model, BookMember.ByUser));
        Assert.That(
            reports.Select(report => (report.User, report.Number, report.Id, report.Planned, report.Standing)),
            Is.EqualTo(states.SelectMany(one => one.State.Reports.Index().Select(report =>
                (one.User, report.Index, report.Item.Identifier, report.Item.Planned, report.Item.Standing)))));
        Assert.That(
            periods.SelectMany(period =>
                period.Lines().Select(line => (period.User, Carrying.StandingOf(period.Taken, policy, line, now)))),
            Is.EqualTo(states.SelectMany(one => Carrying.Survey(one.State, policy, now).Select(line => (one.User, line)))));
        Assert.That(
            (await All(model, BilledReport.ByLane)).Select(report => report.Id),
            Is.EquivalentTo(reports.Where(report => report.Standing.IsOpen).Select(report => report.Id)));
        Assert.That(
            states.SelectMany(one => one.State.Lines.Where(line => !line.MayWait).Select(line => (one.State, line)))
                .Where(one => Moments(now).Any(at =>
                    !Carrying.StandingOf(one.State.TakenOf(one.line.Line.Period), policy, one.line, at).IsSettled)),
            Is.Empty, "what is not looked for never waits");
        Assert.That(await All(model, BilledMeter.ByName), Is.EqualTo(Sums(reports)));
        Assert.That(Books(states), Is.SubsetOf(members.Select(member => (member.User, member.Customer, member.StripeMeter))));
    }

    public static async Task<IReadOnlyList<T>> All<T>(IReadModel model, DocumentIndex<T> index) where T : class, IDocument =>
        await model.Range(index, KeyRange.All, int.MaxValue, CancellationToken.None);

    private static DateTimeOffset[] Moments(DateTimeOffset now) => [now, now.AddDays(30), now.AddDays(400)];

    private static IEnumerable<BilledMeter> Sums(IEnumerable<BilledReport> reports) => reports.GroupBy(report => report.Planned.EventName)
        .OrderBy(meter => meter.Key, StringComparer.Ordinal)
        .Select(meter => meter.Aggregate(new BilledMeter(meter.Key), (sum, report) =>
            sum.Plus(report.Standing, Report.ValueOf(report.Planned))));

    /// <summary>Whom reports went to, and whom the next ones would go to.</summary>
    private static IEnumerable<(string, string?, string)> Books(List<(string User, BillingState State)> states) => states.SelectMany(one =>
        one.State.Reports.Select(report => (one.User, report.StripeCustomer, report.Planned.EventName))
            .Concat(one.State.Lines.Select(line => (one.User, one.State.StripeCustomer, line.Line.StripeMeter)))).Distinct();

    private static async Task<List<StoredEvent>> Events(IEventStreams streams)
    {
        var events = new List<StoredEvent>();
        await foreach (var batch in streams.Subscribe(Position.Start, [BillingModel.Prefix], CancellationToken.None))
        {
            events.AddRange(batch.Events);
            if (batch.CaughtUp) break;
        }
        return events;
    }

    private static IEnumerable<List<StoredEvent>> Cut(List<StoredEvent> events, Random random)
    {
        for (var from = 0; from < events.Count;)
        {
            var count = Math.Min(events.Count - from, random.Next(1, 20));
            yield return events.GetRange(from, count);
            from += count;
        }
    }
}
