export default function P() { return <p>model</p>; }
