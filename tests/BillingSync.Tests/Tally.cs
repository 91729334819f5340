namespace Metering.BillingSync.Tests;

/// <summary>What a run of the simulation saw.</summary>
internal record struct Tally
{
    public int Reports { get; set; }
    public int Repeated { get; set; }
    public int Rejected { get; set; }
    public int TooLate { get; set; }
    public int Carried { get; set; }
    public int Crashes { get; set; }
    public int LostMessages { get; set; }

    /// <summary>Marked missing by an operator.</summary>
    public int Missing { get; set; }

    /// <summary>Marked missing by a reconciliation.</summary>
    public int FoundMissing { get; set; }

    /// <summary>Confirmed by one.</summary>
    public int Confirmed { get; set; }

    /// <summary>Windows that the budget of reads did not reach.</summary>
    public int Skipped { get; set; }

    /// <summary>Error reports of Stripe's that were heard.</summary>
    public int ErrorReports { get; set; }

    private readonly int[] Seen =>
        [Crashes, LostMessages, Missing, FoundMissing, Confirmed, Skipped, ErrorReports, Rejected, Carried, Repeated];

    public readonly bool AllSeen => Seen.All(kind => kind > 0);

    public static Tally operator +(Tally a, Tally b) => new()
    {
        Reports = a.Reports + b.Reports, Repeated = a.Repeated + b.Repeated, Rejected = a.Rejected + b.Rejected,
        TooLate = a.TooLate + b.TooLate, Carried = a.Carried + b.Carried, Crashes = a.Crashes + b.Crashes,
        LostMessages = a.LostMessages + b.LostMessages,
        Missing = a.Missing + b.Missing, FoundMissing = a.FoundMissing + b.FoundMissing, Confirmed = a.Confirmed + b.Confirmed,
        Skipped = a.Skipped + b.Skipped, ErrorReports = a.ErrorReports + b.ErrorReports,
    };

    public override readonly string ToString() =>
        $"{Reports} reports, {Repeated} sent again, {Rejected} rejected, {Missing} marked missing, {TooLate} too late, {Carried} values "
        + $"carried, {LostMessages} messages lost, {Crashes} crashes; reconciled: {Confirmed} confirmed, {FoundMissing} found missing, "
        + $"{Skipped} windows skipped; {ErrorReports} error reports";
}
