export default function P() { return <p>compare</p>; }
