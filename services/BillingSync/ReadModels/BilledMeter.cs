using Metering.BillingSync.Reports;
using Metering.Kernel.ReadModels;

namespace Metering.BillingSync.ReadModels;

/// <summary>What was reported to one Stripe meter: sums of values by what became of them.</summary>
/// <param name="Id">The Stripe meter's event name.</param>
/// <param name="Reports">How many there are, in any status.</param>
/// <param name="Reported">Of those that count, in flight and unlinked included.</param>
/// <param name="Accepted">Of those that Stripe took, confirmed or not.</param>
public sealed record BilledMeter(
    string Id, long Reports = 0, long Reported = 0, long Accepted = 0, long Unlinked = 0, long Rejected = 0, long Missing = 0,
    long OutOfWindow = 0) : IDocument
{
    /// <summary>In the order of their names.</summary>
    public static readonly DocumentIndex<BilledMeter> ByName = new(meter => meter.Id);

    /// <summary>With one more report.</summary>
    public BilledMeter Plus(ReportStanding standing, long value) => Moved(standing, value) with { Reports = Reports + 1 };

    /// <summary>After a report came from one standing to another.</summary>
    public BilledMeter Moved(ReportStanding before, ReportStanding after, long value) => Moved(before, -value).Moved(after, value);

    private BilledMeter Moved(ReportStanding standing, long value) => this with
    {
        Reported = Reported + (standing.Counts ? value : 0),
        Accepted = Accepted + (standing.Status is ReportStatus.Accepted or ReportStatus.Confirmed ? value : 0),
        Unlinked = Unlinked + (standing.Status == ReportStatus.Unlinked ? value : 0),
        Rejected = Rejected + (standing.Status == ReportStatus.Rejected ? value : 0),
        Missing = Missing + (standing.Status == ReportStatus.Missing ? value : 0),
        OutOfWindow = OutOfWindow + (standing.Status == ReportStatus.OutOfWindow ? value : 0),
    };
}
