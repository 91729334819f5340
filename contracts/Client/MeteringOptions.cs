namespace Metering.Client;

/// <summary>How long and how often a command is tried.</summary>
public sealed record MeteringOptions
{
    /// <summary>How long a command may take, all tries and pauses included. 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one try waits for its answer; then the command is sent again, to the next instance if there are several. 3 s.</summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How often it is sent, at most. 5.</summary>
    public int Tries { get; init; } = 5;

    /// <summary>The pause before the second try; it doubles from try to try, less up to a half by chance. 50 ms.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest pause. 1 s.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(1);
}
