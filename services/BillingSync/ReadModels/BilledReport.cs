using System.Globalization;
using Metering.BillingSync.Reports;
using Metering.Kernel.ReadModels;

namespace Metering.BillingSync.ReadModels;

/// <summary>One report, found by its identifier.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Number">0, 1, 2 … among the user's reports, in the order in which they were planned.</param>
public sealed record BilledReport(string Id, string User, int Number, ReportPlanned Planned, ReportStanding Standing) : IDocument
{
    /// <summary>In the order of users, then numbers.</summary>
    public static readonly DocumentIndex<BilledReport> ByUser = new(report => report.Place);

    /// <summary>Those of a status together, each in the order of users, then numbers.</summary>
    public static readonly DocumentIndex<BilledReport> ByStatus = new(report => report.Status);

    /// <summary>Those that are to be sent, customer by customer and meter by meter, each in the order of users, then numbers.</summary>
    public static readonly DocumentIndex<BilledReport> ByLane = new(report => report.Lane);

    public string Place => PlaceOf(User, Number);

    public string Status => $"{Standing.Status} {Place}";

    public string? Lane => Standing.IsOpen ? $"{Standing.StripeCustomer}\n{Planned.EventName}\n{Place}" : null;

    /// <summary>A user's report by its number. No character of a user's id sorts before the space: users are in their own order.</summary>
    public static string PlaceOf(string user, int number) => string.Create(CultureInfo.InvariantCulture, $"{user} {number:D10}");

    /// <summary>All of a user, or a user's of one status.</summary>
    public static KeyRange Of(string user, ReportStatus? status = null) =>
        KeyRange.Prefix(status is null ? $"{user} " : $"{status} {user} ");

    /// <summary>All of a status.</summary>
    public static KeyRange Of(ReportStatus status) => KeyRange.Prefix($"{status} ");

    /// <summary>In <see cref="ByLane"/>, whatever follows a report's own customer and meter.</summary>
    public static KeyRange BeyondLaneOf(BilledReport report) => new($"{report.Standing.StripeCustomer}\n{report.Planned.EventName}\v");
}
