using Metering.BillingSync.Reports;
using Metering.Kernel.Projecting;
using Metering.Kernel.ReadModels;
using Metering.Kernel.Streams;

namespace Metering.BillingSync.ReadModels;

/// <summary>
/// The read model <c>billing</c>: it finds reports, lines and users. What is decided, sent or explained is read from the user's own stream.
/// </summary>
public static class BillingProjection
{
    public const string Name = "billing";

    public static readonly Projection Projection = new([BillingModel.Prefix], Fold);

    public static ReadModelSchema Schema => new ReadModelSchema(Name)
        .With(BilledReport.ByUser, BilledReport.ByStatus, BilledReport.ByLane)
        .With(BilledPeriod.ByUser, BilledPeriod.ByUnsettled)
        .With(BookMember.ByBook, BookMember.ByUser)
        .With(BilledMeter.ByName)
        .With<BilledUser>();

    private static async Task<IReadOnlyCollection<IDocument>> Fold(
        IReadOnlyList<StoredEvent> events, IReadModel model, CancellationToken cancellation)
    {
        var batch = await BillingBatch.Load(events, model, cancellation);
        batch.Fold();
        return batch.Changed;
    }
}
