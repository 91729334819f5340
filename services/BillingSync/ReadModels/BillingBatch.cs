using Metering.BillingSync.Reports;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.ReadModels;

/// <summary>Some events of billing streams and the documents that they change.</summary>
internal sealed class BillingBatch
{
    private readonly List<(string User, long Revision, BillingEvent Happened)> happenings;
    private readonly Changing<BookMember> members = new(new Dictionary<string, BookMember>());
    private Changing<BilledUser> users = null!;
    private Changing<BilledReport> reports = null!;
    private Changing<BilledPeriod> periods = null!;
    private Changing<BilledMeter> meters = null!;

    private BillingBatch(IReadOnlyList<StoredEvent> events) => happenings =
        [.. events.Select(one => (BillingModel.UserOf(one.Stream), one.Revision, BillingEvents.Decode(one.Type, one.Data.Span)))];

    /// <summary>What the events lead to.</summary>
    public IReadOnlyCollection<IDocument> Changed => [.. users.All, .. reports.All, .. periods.All, .. meters.All, .. members.All];

    /// <summary>The documents as they are before the events.</summary>
    public static async Task<BillingBatch> Load(IReadOnlyList<StoredEvent> events, IReadModel model, CancellationToken cancellation)
    {
        var batch = new BillingBatch(events);
        var (all, told) = (batch.happenings, batch.happenings.Select(one => one.Happened).OfType<IReportEvent>());
        batch.users = await Changing<BilledUser>.Load(model, all.Select(one => one.User), cancellation);
        batch.reports = await Changing<BilledReport>.Load(model, told.Select(about => about.Identifier), cancellation);
        var known = batch.reports.Before;
        var ids = all.SelectMany(one => PeriodsOf(one.Happened).Select(number => BilledPeriod.IdOf(one.User, number)))
            .Concat(known.Select(report => BilledPeriod.IdOf(report.User, report.Planned.Period)));
        batch.periods = await Changing<BilledPeriod>.Load(model, ids, cancellation);
        var names = all.Select(one => one.Happened).OfType<ReportPlanned>().Select(planned => planned.EventName)
            .Concat(known.Select(report => report.Planned.EventName));
        batch.meters = await Changing<BilledMeter>.Load(model, names, cancellation);
        return batch;
    }

    public void Fold()
    {
        foreach (var (name, revision, happened) in happenings)
        {
            var user = users[name] ?? BilledUser.Empty(name);
            if (revision != user.Revision + 1)
                throw new InvalidOperationException($"billing-{name} goes on with revision {revision} after {user.Revision}");
            users.Set(After(user with { Revision = revision }, happened));
        }
    }

    private BilledUser After(BilledUser user, BillingEvent happened) => happened switch
    {
        TotalsTaken totals => Take(user, totals),
        ReportPlanned planned => Plan(user, planned),
        CarriedForward carry => Carry(user, carry),
        IReportEvent about => Move(user, about, happened),
        _ => throw new InvalidOperationException($"{happened.GetType().Name} has no meaning here"),
    };

    // a customer who is new has all that no customer was reported to yet
    private BilledUser Take(BilledUser user, TotalsTaken totals)
    {
        periods.Set(PeriodOf(user, totals.Period).With(totals));
        var after = user.With(totals);
        var known = after.StripeCustomer == user.StripeCustomer ? [] : user.Books.Select(book => book.Split('\n', 2)[1]);
        return known.Concat(totals.Lines.Select(line => line.StripeMeter))
            .Aggregate(after, (own, meter) => Join(own, own.StripeCustomer, meter));
    }

    private BilledUser Plan(BilledUser user, ReportPlanned planned)
    {
        var (standing, value) = (ReportStanding.Of(planned), Report.ValueOf(planned));
        reports.Set(new(planned.Identifier, user.Id, user.Reports, planned, standing));
        periods.Set(PeriodOf(user, planned.Period).Plus(new(planned.Group, planned.EventName, 0, 0, value)));
        meters.Set((meters[planned.EventName] ?? new(planned.EventName)).Plus(standing, value));
        return Join(user with { Reports = user.Reports + 1 }, planned.StripeCustomer, planned.EventName);
    }

    private BilledUser Carry(BilledUser user, CarriedForward carry)
    {
        periods.Set(PeriodOf(user, carry.FromPeriod).Plus(new(carry.Group, carry.StripeMeter, 0, carry.Value, 0)));
        periods.Set(PeriodOf(user, carry.ToPeriod).Plus(new(carry.Group, carry.StripeMeter, carry.Value, 0, 0)));
        return Join(user, user.StripeCustomer, carry.StripeMeter);
    }

    private BilledUser Move(BilledUser user, IReportEvent about, BillingEvent happened)
    {
        var report = reports[about.Identifier] ?? throw new InvalidOperationException($"no report {about.Identifier} was planned");
        var (planned, before, after) = (report.Planned, report.Standing, report.Standing.After(happened));
        reports.Set(report with { Standing = after });
        var value = Report.ValueOf(planned);
        meters.Set((meters[planned.EventName] ?? new(planned.EventName)).Moved(before, after, value));
        if (before.Counts != after.Counts)
            periods.Set(PeriodOf(user, planned.Period).Plus(new(planned.Group, planned.EventName, 0, 0, after.Counts ? value : -value)));
        return after.StripeCustomer == before.StripeCustomer ? user : Join(user, after.StripeCustomer, planned.EventName);
    }

    private BilledUser Join(BilledUser user, string? customer, string stripeMeter)
    {
        var member = BookMember.New(user.Id, customer, stripeMeter);
        if (user.Books.Contains(member.Book)) return user;
        members.Set(member);
        return user with { Books = [.. user.Books, member.Book] };
    }

    private BilledPeriod PeriodOf(BilledUser user, int number) =>
        periods[BilledPeriod.IdOf(user.Id, number)] ?? BilledPeriod.Empty(user.Id, number);

    private static int[] PeriodsOf(BillingEvent happened) => happened switch
    {
        TotalsTaken totals => [totals.Period],
        ReportPlanned planned => [planned.Period],
        CarriedForward carry => [carry.FromPeriod, carry.ToPeriod],
        _ => [],
    };

    /// <summary>The documents of one type, before and after.</summary>
    private sealed class Changing<T>(IReadOnlyDictionary<string, T> before) where T : class, IDocument
    {
        private readonly Dictionary<string, T> after = new(StringComparer.Ordinal);

        public IEnumerable<T> Before => before.Values;

        public IEnumerable<IDocument> All => after.Values;

        public T? this[string id] => after.GetValueOrDefault(id) ?? before.GetValueOrDefault(id);

        public static async Task<Changing<T>> Load(IReadModel model, IEnumerable<string> ids, CancellationToken cancellation) =>
            new(await model.Load<T>([.. ids.Distinct()], cancellation));

        public void Set(T document) => after[document.Id] = document;
    }
}
