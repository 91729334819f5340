namespace Metering.MainJob;

/// <summary>Why the job failed, for people, and what may help them to see the cause.</summary>
internal sealed class JobException(string why, IReadOnlyList<string>? details = null) : Exception(why)
{
    internal IReadOnlyList<string> Details { get; } = details ?? [];

    /// <summary>Fails the job unless it is as it must be.</summary>
    internal static void Unless(bool holds, string why)
    {
        if (!holds) throw new JobException(why);
    }
}
