using Grpc.Core;

namespace EventStore.Client;

internal static class CallSettings
{
    /// <summary>Options of a call. A null <paramref name="deadline"/> is none.</summary>
    public static CallOptions Of(
        EventStoreClientSettings settings, TimeSpan? deadline, UserCredentials? user, CancellationToken cancellation) => new(
        new Metadata { { Names.RequiresLeader, $"{settings.ConnectivitySettings.NodePreference == NodePreference.Leader}" } },
        After(deadline), cancellation, credentials: Credentials(settings, user ?? settings.DefaultCredentials));

    private static DateTime? After(TimeSpan? deadline) => deadline switch
    {
        null => null,
        _ when deadline == TimeSpan.MaxValue || deadline == System.Threading.Timeout.InfiniteTimeSpan => DateTime.MaxValue,
        { } span => DateTime.UtcNow + span,
    };

    private static CallCredentials? Credentials(EventStoreClientSettings settings, UserCredentials? user) =>
        user is null ? null : CallCredentials.FromInterceptor(async (_, headers) => headers.Add(
            Names.Authorization, await settings.OperationOptions.GetAuthenticationHeaderValue(user,
                CancellationToken.None).ConfigureAwait(false)));
}
